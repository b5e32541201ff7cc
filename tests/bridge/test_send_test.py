"""`bridge events send-test`, as a person types it."""

import base64
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from standardwebhooks import Webhook

from worker.commands import Notify
from worker.errors import UnknownService
from worker.lanes import Burial, Entry, Partition
from worker.letters import DeadCommand
from worker.notices import Notice, NoticeKind
from worker.wiring import Bridge, utc_now

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


class Receiver(HTTPServer):
    """Answers with one status and keeps what it verified."""

    status = 204

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[dict[str, object]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Verify and answer."""
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.heard.append({**Webhook(SECRET).verify(body, headers), "id": headers["webhook-id"]})
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that listens."""
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def subscribe(directory: Path, url: str, *, allow_private: bool = True) -> None:
    """Add a subscription to the settings."""
    (directory / "crm.key").write_text(SECRET)
    settings = directory / "bridge.toml"
    allowed = str(allow_private).lower()
    settings.write_text(
        f'{settings.read_text()}\n[subscriptions.crm]\nurl = "{url}"\nsecrets = ["file:crm.key"]\n'
        f"allow_private = {allowed}\n"
    )


def test_a_test_arrives_and_the_answer_is_told(
    operator: "Operator", receiver: Receiver, tmp_path: Path
) -> None:
    """Signed like any other, and called a test."""
    subscribe(tmp_path, f"http://127.0.0.1:{receiver.server_port}/")
    (line,) = operator.reads("events", "send-test", "crm")
    (event,) = receiver.heard
    assert line == f"crm took {event['id']}: 204 No Content"
    assert (event["type"], event["data"]) == ("bridge.test", {"subscription": "crm"})


def test_a_refusal_is_told(operator: "Operator", receiver: Receiver, tmp_path: Path) -> None:
    """With exit code 1."""
    receiver.status = 403
    subscribe(tmp_path, f"http://127.0.0.1:{receiver.server_port}/")
    (line,) = operator.reads("events", "send-test", "crm", code=1)
    assert line.startswith("crm did not take evt_")
    assert line.endswith(": 403 Forbidden")


def test_where_nothing_may_be_sent_nothing_is_sent(
    operator: "Operator", receiver: Receiver, tmp_path: Path
) -> None:
    """Not by hand either."""
    subscribe(tmp_path, f"https://127.0.0.1:{receiver.server_port}/", allow_private=False)
    (line,) = operator.reads("events", "send-test", "crm", code=1)
    assert "127.0.0.1 is not a public address" in line
    assert receiver.heard == []


def test_a_subscription_that_is_not_there_is_named(operator: "Operator", tmp_path: Path) -> None:
    """With those that are."""
    subscribe(tmp_path, "https://crm.example/")
    said = operator.refused("events", "send-test", "shop")
    assert said == "no subscription 'shop' is configured; there is: crm"


def test_a_subscription_is_a_service_to_every_other_command(operator: "Operator", tmp_path: Path) -> None:
    """It is paused, resumed and looked at by its name."""
    subscribe(tmp_path, "https://crm.example/")
    operator.reads("pause", "hook.crm", "--reason", "their move")
    told = "\n".join(operator.reads("status", code=1))
    assert "hook.crm is paused because: their move; `bridge resume hook.crm` lets it go on" in told
    operator.reads("resume", "hook.crm")
    assert operator.reads("dead", "list", "hook.crm")[0]


def test_what_waits_for_a_subscription_is_shown(operator: "Operator", tmp_path: Path) -> None:
    """One conversation's events, and what became of those before them."""
    subscribe(tmp_path, "https://crm.example/")
    now = utc_now()
    notice = Notice(
        id="evt_1", kind=NoticeKind.CREATED, at=now, service="support", external_id="c-1", generation=1
    )
    command = Notify(
        service="hook.crm",
        external_id="c-1",
        idempotency_key="mail:evt_1",
        channel="mail",
        received_at=now,
        notice=notice,
    )

    async def append(bridge: Bridge) -> None:
        await bridge.store.append(command, receipt_id="r1", now=now)

    operator.does(append)
    told = "\n".join(operator.reads("show", "hook.crm", "c-1"))
    assert "notify" in told
    with pytest.raises(UnknownService):
        operator.accepts(command)  # no door takes one

    async def bury(bridge: Bridge) -> None:
        home, lease = Partition("hook.crm", 0), timedelta(seconds=45)
        (claim,) = await bridge.store.claim(home, limit=1, lease=lease, token="t1", now=now)
        letter = DeadCommand(
            id="1" * 32,
            cause="exhausted",
            reason="500",
            buried_at=now,
            attempts=3,
            sequence=1,
            command=command,
        )
        entry = Entry(at=now, event="buried", sequence=1)
        burial = Burial(letter, entry, park=False, failed=True, calls=1)
        await bridge.store.bury(claim, burial, now=now)

    operator.does(bury)
    told = "\n".join(operator.reads("dead", "show", "hook.crm", "1" * 32))
    assert "interaction.created" in told
