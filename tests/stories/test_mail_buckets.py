"""Mail that Amazon SES put into a bucket, fetched there by a bridge of real processes."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import obstore
import pytest

from tests.ports import free_port
from tests.s3_server import ACCESS_KEY, SECRET_KEY, bucket
from tests.stories.conftest import Stack, wait_until
from worker.letters import LetterHead

pytestmark = pytest.mark.story

MAIL = Path(__file__).parents[1] / "connectors" / "fixtures" / "mime" / "a_mail.http"
CHANNELS = """
[http]
port = {port}

[channels.ses]
connector = "ses-inbound"
service = "support"
verify = "none"
options = {{ addresses = ["support@example.com"] }}

[[channels.ses.buckets]]
url = "s3://ses-mail/inbound/"
endpoint = "{endpoint}"
access_key = "env:S3_ID"
secret_key = "env:S3_SECRET"

[[channels.ses.buckets]]
url = "s3://away"
endpoint = "http://127.0.0.1:{nobody}"
access_key = "env:S3_ID"
secret_key = "env:S3_SECRET"
timeout_s = 1
"""


def notification(where: str, key: str) -> str:
    """Return what SNS posts about a mail that lies in a bucket."""
    message = {
        "notificationType": "Received",
        "mail": {"source": "lena@example.org", "destination": ["support@example.com"]},
        "receipt": {
            "recipients": ["support@example.com"],
            "action": {"type": "S3", "bucketName": where, "objectKeyPrefix": "inbound/", "objectKey": key},
        },
    }
    return json.dumps({"Type": "Notification", "Message": json.dumps(message)})


@pytest.fixture
def notify(stack: Stack, s3_endpoint: str) -> Callable[[str, str], httpx.Response]:
    """Tell the bridge of a mail, as SNS does."""
    port = free_port()
    written = CHANNELS.format(port=port, endpoint=s3_endpoint, nobody=free_port())
    stack.config.write_text(stack.config.read_text() + written)
    stack.environment |= {"S3_ID": ACCESS_KEY, "S3_SECRET": SECRET_KEY}
    stack.start("intake", "-m", "bridge", "intake", "--doors", "http")

    def live() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/livez").is_success
        except httpx.TransportError:
            return False

    wait_until(live, reason="the intake")
    return lambda where, key: httpx.post(
        f"http://127.0.0.1:{port}/channels/ses", content=notification(where, key), timeout=30
    )


def test_a_mail_in_a_bucket_becomes_an_interaction(
    stack: Stack, s3_endpoint: str, notify: Callable[[str, str], httpx.Response]
) -> None:
    """Fetched and opened once; what is away comes again, and what is missing is replayed when it is there."""
    store, mail = bucket(s3_endpoint, "ses-mail"), MAIL.read_bytes().partition(b"\n\n")[2]
    obstore.put(store, "inbound/1", mail, use_multipart=False)
    accepted = notify("ses-mail", "inbound/1")
    assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
    assert notify("ses-mail", "inbound/1").json()["status"] == "duplicate"
    assert notify("away", "inbound/1").status_code == 503
    assert letters(stack) == []

    foreign = notify("others", "inbound/1").json()
    missing = notify("ses-mail", "inbound/2").json()
    assert (foreign["status"], missing["status"]) == ("unreadable", "unreadable")
    reasons = {each.id: each.reason for each in letters(stack)}
    assert "none of the buckets that channels.ses.buckets names" in reasons[foreign["letter"]]
    assert "s3://ses-mail/inbound/2 is not there" in reasons[missing["letter"]]

    obstore.put(store, "inbound/2", mail.replace(b"Message-ID: <", b"Message-ID: <2."), use_multipart=False)
    assert "replayed" in stack.bridge("dead", "replay", "support", missing["letter"])
    assert [each.id for each in letters(stack)] == [foreign["letter"]]
    stack.start_worker()
    wait_until(lambda: len(stack.effects()) == 2, reason="two interactions")
    assert [each["operation"] for each in stack.effects()] == ["create", "create"]


def letters(stack: Stack) -> list[LetterHead]:
    """Return the dead letters."""
    return list(stack.with_bridge(lambda bridge: bridge.store.dead("support", limit=10)))
