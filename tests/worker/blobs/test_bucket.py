"""Blobs in a bucket: away is away, in one sentence; and a process that used it ends in peace."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable

import obstore
import pytest

from tests.ports import free_port
from worker.blob import BlobName
from worker.blobs.bucket import BucketBlobs
from worker.errors import BlobsUnavailable

MAIL = b"Subject: Hello\r\n\r\n"
NAME = BlobName.of("mail", MAIL)

CALLS = [
    lambda blobs: blobs.put(NAME, MAIL),
    lambda blobs: blobs.get(NAME),
    lambda blobs: blobs.head(NAME),
    lambda blobs: blobs.delete(NAME),
    lambda blobs: blobs.page(after=None, limit=10),
]
Call = Callable[[BucketBlobs], asyncio.Future[object]]


async def tried(call: Call, blobs: BucketBlobs) -> None:
    """Make a call."""
    await call(blobs)


@pytest.mark.parametrize("call", CALLS)
def test_a_bucket_that_does_not_answer_says_so(call: Call) -> None:
    """One sentence on one line, soon."""
    port = free_port()
    blobs = BucketBlobs.open(
        "blobs", endpoint=f"http://127.0.0.1:{port}", access_key="a", secret_key="b", timeout_s=1
    )
    with pytest.raises(BlobsUnavailable) as raised:
        asyncio.run(tried(call, blobs))
    assert str(raised.value).startswith("the blobs in s3://blobs cannot be reached: ")
    assert "\n" not in str(raised.value)


def test_a_wrong_key_is_no_missing_blob(s3_endpoint: str) -> None:
    """Whoever is refused must not think that there is nothing."""
    blobs = BucketBlobs.open("blobs", endpoint=s3_endpoint, access_key="a", secret_key="b", timeout_s=5)
    with pytest.raises(BlobsUnavailable):
        asyncio.run(blobs.get(NAME))


def test_what_others_put_there_is_left_alone(open_bucket: Callable[[], BucketBlobs]) -> None:
    """A page shows blobs and nothing else."""
    blobs = open_bucket()
    asyncio.run(blobs.put(NAME, MAIL))
    obstore.put(blobs._store, "aaa.txt", b"mine")
    (head,) = asyncio.run(blobs.page(after=None, limit=1))
    assert head.name == NAME


_SHORT_LIFE = """
import asyncio, os
from worker.blob import BlobName
from worker.blobs.bucket import BucketBlobs
blobs = BucketBlobs.open("blobs", prefix="short", endpoint=os.environ["ENDPOINT"], access_key="bridge-test",
                         secret_key="bridge-test-secret", timeout_s=10)
name = BlobName.of("mail", b"x")
async def use():
    await asyncio.gather(*(blobs.put(name, b"x") for _ in range(4)))
    assert await blobs.get(name) == b"x"
asyncio.run(use())
"""


def test_short_lived_processes_end_in_peace(s3_endpoint: str) -> None:
    """A command that asked the bucket keeps its exit code: the library's coroutines made some abort."""
    environment = {**os.environ, "ENDPOINT": s3_endpoint}
    for _ in range(5):
        ended = subprocess.run([sys.executable, "-c", _SHORT_LIFE], env=environment, check=False, timeout=60)
        assert ended.returncode == 0
