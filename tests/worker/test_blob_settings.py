"""What may be said of whole messages and their links."""

import pytest
from pydantic import ValidationError

from worker.blob_settings import BlobSettings


@pytest.mark.parametrize(
    "url", ["", "none", "file:/var/lib/bridge/blobs", "file:blobs", "s3://mails", "s3://mails/a/b"]
)
def test_places(url: str) -> None:
    """A directory, a bucket, or nowhere."""
    assert BlobSettings(url=url).url == url


@pytest.mark.parametrize("url", ["blobs", "http://x", "s3://", "s3://UPPER", "s3://mails?x=1", "gs://mails"])
def test_no_places(url: str) -> None:
    """Anything else is a mistake."""
    with pytest.raises(ValidationError):
        BlobSettings(url=url)


def test_a_key_has_its_secret() -> None:
    """One without the other would only fail later."""
    with pytest.raises(ValidationError, match="belong together"):
        BlobSettings(url="s3://mails", access_key="env:A")
