"""`bridge channel try`."""

import hmac
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bridge.cli.program import app
from worker.errors import BridgeError

BODY = b'{"event": "opened", "id": 7, "title": "\\u001b[31mred", "tags": ["a"]}'
SETTINGS = """
[services.support]
base_url = "https://host.example/nexus/v3"
api_key = "env:NO_SUCH_KEY"
[channels.tickets]
connector = "webhook"
verify = "hmac"
service = "support"
secrets = ["file:old", "file:key"]
[channels.tickets.options]
external_id = "body.id"
user_data = { Title = "body.title", Tags = "body.tags" }
rules = [
  { when = "body.event == 'opened'", do = "create" },
  { when = "body.event == 'seen'", do = "ignore", because = "somebody looked" },
  { when = "body.event == 'hello'", do = "greet", reply = "body.id" },
]
[channels.mail]
connector = "email"
service = "support"
options = { addresses = ["help@example.com"] }
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory with settings, secrets and no bridge that runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BRIDGE_CONFIG", raising=False)
    Path("bridge.toml").write_text(SETTINGS)
    Path("key").write_text("k")
    Path("old").write_text("o")


def tries(body: bytes, *more: str, channel: str = "tickets", signed: bool = True) -> Result:
    """Try a body."""
    Path("body").write_bytes(body)
    signature = hmac.new(b"k", body, "sha256").hexdigest()
    proof = ("-H", f"X-Signature-256: {signature}") if signed else ()
    return CliRunner().invoke(app, ["channel", "try", channel, "body", *proof, *more])


def test_commands_are_shown_with_their_proof() -> None:
    """What was proved, by which secret, and each field of each command; nothing moves the cursor."""
    told = tries(BODY)
    assert told.exit_code == 0
    lines = [" ".join(line.split()) for line in told.output.splitlines()]
    assert "proof hmac, by secret 2 of the channel" in lines
    assert "create" in lines
    assert r"user_data.Title \x1b[31mred" in lines
    assert 'user_data.Tags ["a"]' in lines


def test_programs_read_json() -> None:
    """With --json it is one line, with the commands as the store would have them."""
    told = json.loads(tries(BODY, "--json").output)
    assert told["proof"].startswith("hmac")
    assert told["commands"][0]["user_data"] == {"Title": "\x1b[31mred", "Tags": ["a"]}


@pytest.mark.parametrize(
    ("event", "told", "as_json"),
    [
        ("seen", "ignored: somebody looked", {"ignored": "somebody looked"}),
        ("hello", "answered: 7", {"handshake": "7"}),
    ],
)
def test_what_is_no_command_is_said(event: str, told: str, as_json: dict[str, str]) -> None:
    """A delivery may be fine and ask for nothing."""
    body = json.dumps({"event": event, "id": 7}).encode()
    assert told in tries(body).output
    assert as_json.items() <= json.loads(tries(body, "--json").output).items()


@pytest.mark.parametrize(
    ("body", "signed", "channel", "reason"),
    [
        (BODY, False, "tickets", "refused: 0 X-Signature-256 headers"),
        (b'{"event": "opened"}', True, "tickets", "unreadable: there is no external id"),
        (b'{"event": "odd"}', True, "tickets", "unreadable: none of the channel's rules applies"),
        (BODY, True, "nowhere", "no channel 'nowhere' is configured; there is: mail, tickets"),
        (b"Subject: x\n\ny", False, "mail", "refused: "),
    ],
)
def test_the_exact_reason_is_given(body: bytes, signed: bool, channel: str, reason: str) -> None:  # noqa: FBT001 - a table
    """What would not be taken is code 1 and one sentence."""
    told = tries(body, signed=signed, channel=channel)
    assert told.exit_code == 1
    assert isinstance(told.exception, BridgeError)
    assert str(told.exception).startswith(reason)


def test_a_trial_without_proof() -> None:
    """An old signature, or none, need not keep anybody from trying the rules; secrets are not looked at."""
    Path("key").unlink()
    told = tries(BODY, "--unproved", signed=False)
    assert told.exit_code == 0
    assert "not proved, as you asked" in told.output


def test_a_mail_is_tried_with_its_recipient() -> None:
    """Mail comes as a file; for whom it was is said beside it."""
    told = tries(b"Subject: x\n\ny", "-H", "Delivered-To: help@example.com", channel="mail", signed=False)
    assert told.exit_code == 0, told.exception
    assert "user_data.Subject" in told.output


def test_a_time_is_said_as_everywhere() -> None:
    """`--at` takes a moment, so that a captured signature is fresh again."""
    told = json.loads(tries(BODY, "--json", "--at", "2026-11-23T12:00:00Z").output)
    assert told["commands"][0]["received_at"] == "2026-11-23T12:00:00Z"


def test_a_missing_file_is_named() -> None:
    """A file that is not there is a sentence."""
    told = CliRunner().invoke(app, ["channel", "try", "tickets", "nothing"])
    assert "nothing cannot be read" in str(told.exception)


def test_a_mail_in_a_bucket_is_not_fetched() -> None:
    """It is said where it lies, and that the door would."""
    Path("bridge.toml").write_text(
        SETTINGS + '[channels.ses]\nconnector = "ses-inbound"\nservice = "support"\nverify = "none"\n'
        'options = { addresses = ["help@example.com"] }\n'
    )
    action = {"type": "S3", "bucketName": "mails", "objectKey": "in/1"}
    note = {"notificationType": "Received", "receipt": {"action": action}}
    body = json.dumps({"Type": "Notification", "Message": json.dumps(note)}).encode()
    told = tries(body, channel="ses", signed=False)
    assert isinstance(told.exception, BridgeError)
    assert (
        str(told.exception) == "the mail lies in s3://mails/in/1; a trial fetches nothing, and the door would"
    )
