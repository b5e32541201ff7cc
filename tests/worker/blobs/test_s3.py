"""A bucket, opened."""

import obstore

from tests.s3_server import bucket
from worker.blobs.s3 import said


def test_an_opened_bucket_takes_and_gives(s3_endpoint: str) -> None:
    """With the keys and at the place that it was opened with."""
    store = bucket(s3_endpoint, "opened")
    obstore.put(store, "a/b", b"x", use_multipart=False)
    assert bytes(obstore.get(store, "a/b").bytes()) == b"x"


def test_of_an_error_one_line_is_told() -> None:
    """The library goes on with the request, which is nobody's business."""
    assert said(ValueError("no such thing\nAuthorization: secret")) == "no such thing"
