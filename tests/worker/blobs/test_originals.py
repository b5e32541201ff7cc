"""Mail in buckets: read where the channel reads, and each reason why it is not is told apart."""

import asyncio
import uuid
from collections.abc import Callable

import obstore
import pytest

from tests.ports import free_port
from tests.s3_server import ACCESS_KEY, SECRET_KEY, bucket
from worker.blob import ObjectName
from worker.blob_settings import BucketSettings
from worker.blobs.originals import BucketOriginals
from worker.errors import BlobsUnavailable, OriginalMissing, SecretMissing

MAIL = b"Subject: Hello\r\n\r\n"
KEYS = {"env:ID": ACCESS_KEY, "env:SECRET": SECRET_KEY, "env:WRONG": "wrong"}


def secret(reference: str) -> str:
    """Return what a reference leads to."""
    if reference not in KEYS:
        raise SecretMissing(f"{reference} leads nowhere")
    return KEYS[reference]


class Reading:
    """Originals of one channel, and what was made room for."""

    def __init__(self, endpoint: str, url: str, **more: str | int) -> None:
        written = {
            "url": url,
            "endpoint": endpoint,
            "access_key": "env:ID",
            "secret_key": "env:SECRET",
            **more,
        }
        self.originals = BucketOriginals({"mail": [BucketSettings.model_validate(written)]}, secret)
        self.taken: list[int] = []

    def fetch(self, bucket: str, key: str, channel: str = "mail") -> bytes:
        """Fetch a mail."""
        name = ObjectName(bucket, key)
        return asyncio.run(self.originals.fetch(channel, name, take=self.taken.append))


@pytest.fixture
def put(s3_endpoint: str) -> Callable[..., str]:
    """Put a mail into bucket `mails` beneath `in/`, and return its key."""

    def store(**attributes: str) -> str:
        key = f"in/{uuid.uuid4().hex}"
        obstore.put(bucket(s3_endpoint, "mails"), key, MAIL, attributes=attributes, use_multipart=False)
        return key

    return store


def test_a_mail_in_a_bucket_of_the_channel_is_read(s3_endpoint: str, put: Callable[..., str]) -> None:
    """Byte for byte, after room was made for it."""
    reading = Reading(s3_endpoint, "s3://mails/in/")
    assert reading.fetch("mails", put()) == MAIL
    assert reading.taken == [len(MAIL)]


def test_nothing_else_is_read(s3_endpoint: str, put: Callable[..., str]) -> None:
    """Neither another bucket, nor another place in it, nor for another channel: whatever a message names."""
    reading, key = Reading(s3_endpoint, "s3://mails/in/"), put()
    obstore.put(bucket(s3_endpoint, "mails"), "private", MAIL, use_multipart=False)
    for name, channel in ((("other", key), "mail"), (("mails", "private"), "mail"), (("mails", key), "web")):
        with pytest.raises(OriginalMissing, match="none of the buckets"):
            reading.fetch(*name, channel=channel)


@pytest.mark.parametrize("key", ["in/../private", "in//x", "in/./x", "in/"])
def test_paths_with_tricks_lead_nowhere(s3_endpoint: str, key: str) -> None:
    """A key is a name, and no way through the bucket."""
    reading = Reading(s3_endpoint, "s3://mails/in/")
    with pytest.raises(OriginalMissing):
        reading.fetch("mails", key)
    assert reading.taken == []


def test_what_is_gone_is_gone(s3_endpoint: str, put: Callable[..., str]) -> None:
    """An object, or the whole bucket."""
    put()
    with pytest.raises(OriginalMissing, match="s3://mails/in/none is not there"):
        Reading(s3_endpoint, "s3://mails/in/").fetch("mails", "in/none")
    with pytest.raises(OriginalMissing):
        Reading(s3_endpoint, "s3://no-such-bucket").fetch("no-such-bucket", "in/none")


def test_a_wrong_key_is_the_operators(s3_endpoint: str, put: Callable[..., str]) -> None:
    """It heals by no coming again, and neither does one that leads nowhere."""
    key = put()
    with pytest.raises(OriginalMissing, match="may not be read, or is not there"):
        Reading(s3_endpoint, "s3://mails/in/", secret_key="env:WRONG").fetch("mails", key)
    with pytest.raises(OriginalMissing, match="env:NONE leads nowhere"):
        Reading(s3_endpoint, "s3://mails/in/", secret_key="env:NONE").fetch("mails", key)


def test_what_is_too_large_is_not_read(s3_endpoint: str, put: Callable[..., str]) -> None:
    """Its size is asked before its bytes."""
    reading = Reading(s3_endpoint, "s3://mails/in/", max_message_bytes=10)
    with pytest.raises(OriginalMissing, match="over the bucket's max_message_bytes"):
        reading.fetch("mails", put())
    assert reading.taken == []


def test_what_amazon_encrypted_is_said_to_be(s3_endpoint: str, put: Callable[..., str]) -> None:
    """Its bytes would make a mail, of noise."""
    with pytest.raises(OriginalMissing, match="was encrypted by Amazon SES"):
        Reading(s3_endpoint, "s3://mails/in/").fetch("mails", put(**{"x-amz-key-v2": "AQE"}))


def test_a_bucket_that_is_away_is_another_times() -> None:
    """Nothing is said of the mail."""
    with pytest.raises(BlobsUnavailable, match="s3://mails/in/x cannot be reached"):
        Reading(f"http://127.0.0.1:{free_port()}", "s3://mails", timeout_s=1).fetch("mails", "in/x")
