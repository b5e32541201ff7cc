"""A directory, and a bucket of a real server that speaks S3."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.s3_server import ACCESS_KEY, SECRET_KEY
from worker.blobs.bucket import BucketBlobs
from worker.blobs.directory import DirectoryBlobs
from worker.ports import Blobs


@pytest.fixture
def open_bucket(s3_endpoint: str) -> Callable[[], BucketBlobs]:
    """Open an empty bucket; every call the same one."""
    prefix = uuid.uuid4().hex

    def opened() -> BucketBlobs:
        return BucketBlobs.open(
            "blobs",
            prefix=prefix,
            endpoint=s3_endpoint,
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            timeout_s=10,
        )

    return opened


@pytest.fixture(params=["directory", "bucket"])
def open_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Blobs]:
    """Open the same empty blobs again and again: each kind in turn."""
    if request.param == "directory":
        return lambda: DirectoryBlobs(tmp_path / "blobs")
    bucket: Callable[[], Blobs] = request.getfixturevalue("open_bucket")
    return bucket
