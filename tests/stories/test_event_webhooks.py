"""What happens to interactions reaches its subscriber: signed, in order, once for each id, whatever dies."""

import json
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.stories.conftest import Stack, create, stop, update, wait_until

pytestmark = pytest.mark.story

SECRET = "whsec_c3Rvcmllcy1hcmUtc2lnbmVkLXdpdGgtdGhpcw=="
OLD_SECRET = "whsec_dGhlLW9uZS1iZWZvcmUtaXQtd2FzLXRoaXMtb25l"
SUBSCRIPTION = """
[subscriptions.crm]
url = "http://127.0.0.1:{port}/events"
secrets = ["file:crm.key", "file:crm-old.key"]
allow_private = true
call_timeout_s = 1.4
connect_timeout_s = 1.0
retry = {{ base_s = 0.05, cap_s = 0.3, max_attempts = {attempts}, max_age_s = 60 }}
gate = {{ breaker = {{ calls = 0 }} }}
"""


@dataclass
class Receiver:
    """Somebody's endpoint: verifies with the owners' library what it is sent, and fails when told to."""

    #: What comes of the next calls, before it accepts everything: a status, or "reset".
    moods: list[int | str] = field(default_factory=list)
    #: What comes of every call, while it is set.
    mood: int = 0
    #: The events it accepted, each by the id under which it came.
    accepted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, headers: dict[str, str], body: bytes) -> int | str:
        """Return what to answer."""
        try:
            event = Webhook(SECRET).verify(body, headers)
            assert event == Webhook(OLD_SECRET).verify(body, headers)
        except Exception as error:  # noqa: BLE001 - whatever is wrong fails the story
            self.wrong.append(f"{type(error).__name__}: {error}")
            return 400
        with self.lock:
            mood = self.mood or (self.moods.pop(0) if self.moods else 204)
            if mood == 204:
                self.accepted.append((headers["webhook-id"], event))
            else:
                self.refused += 1
        return mood

    def news(self) -> dict[str, dict[str, Any]]:
        """Return every event once, by its id, in the order in which each was first accepted."""
        with self.lock:
            seen: dict[str, dict[str, Any]] = {}
            for event_id, event in self.accepted:
                assert seen.setdefault(event_id, event) == event
            return seen


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        """Answer one event."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        mood = self.receiver.hear(headers, self.rfile.read(int(headers["content-length"])))
        if mood == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            return
        self.send_response(int(mood))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, int]]:
    """A receiver that listens, and its port."""
    heard = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"receiver": heard}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield heard, server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def subscribe(stack: Stack, port: int, *, attempts: int = 1000) -> None:
    """Subscribe the receiver to everything."""
    written = stack.config.read_text() + SUBSCRIPTION.format(port=port, attempts=attempts)
    stack.config.write_text(written)
    (stack.directory / "crm.key").write_text(SECRET)
    (stack.directory / "crm-old.key").write_text(OLD_SECRET)


def test_each_event_arrives_once_by_its_id_and_in_order(stack: Stack, receiver: tuple[Receiver, int]) -> None:
    """The receiver fails at first in several ways, and two workers are killed on the way."""
    heard, port = receiver
    heard.moods = [500, "reset", 429, "reset", 400, 302, 503]
    subscribe(stack, port)
    stack.start_beat()
    worker = stack.start_worker()
    names = [f"c-{number}" for number in range(12)]
    stack.submit([create(name, Subject="Hello") for name in names])
    wait_until(lambda: len(heard.news()) >= 3, reason="the first events")
    for round_ in (1, 2):
        stack.submit([update(name, round_) for name in names])
        stack.end(worker, signal.SIGKILL)
        worker = stack.start_worker()
    stack.submit([stop(name) for name in names])
    wait_until(lambda: len(heard.news()) >= 4 * len(names), reason="every event")
    wait_until(stack.idle, reason="the lanes are empty")

    assert heard.wrong == []
    assert heard.refused >= 7
    by_conversation = defaultdict[str, list[tuple[str, int]]](list)
    for event in heard.news().values():
        data = event["data"]
        by_conversation[data["external_id"]].append((event["type"], data["sequence"]))
        assert (data["service"], data["channel"]) == ("support", "story")
        assert data["interaction_id"]
        assert "Hello" not in json.dumps(event)
    assert dict(by_conversation) == {
        name: [
            ("interaction.created", 1),
            ("interaction.updated", 2),
            ("interaction.updated", 3),
            ("interaction.stopped", 4),
        ]
        for name in names
    }


def test_what_was_never_heard_is_a_dead_letter_that_can_be_replayed(
    stack: Stack, receiver: tuple[Receiver, int]
) -> None:
    """A receiver that refuses everything gets each event later, under the id it always had."""
    heard, port = receiver
    heard.mood = 500
    subscribe(stack, port, attempts=3)
    stack.start_beat()
    stack.start_worker()
    stack.submit([create("c-1"), update("c-1", 1)])

    def bridge(*arguments: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", "bridge", *arguments],
            env={**stack.environment, "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
            cwd=stack.directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def buried() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(bridge("dead", "list", "hook.crm", "--json"))
        return found if len(found) == 2 else []

    letters = wait_until(buried, reason="two dead letters")
    assert {each["cause"] for each in letters} == {"exhausted"}
    assert (heard.accepted, heard.refused) == ([], 6)
    view = stack.view("c-1")
    assert view is not None
    assert not view.pending, "a deaf subscriber holds up nobody else"

    heard.mood = 0
    bridge("dead", "replay", "hook.crm", "--all")
    wait_until(lambda: len(heard.news()) == 2, reason="both events")
    types = [event["type"] for event in heard.news().values()]
    assert types == ["interaction.created", "interaction.updated"]
    assert heard.wrong == []
