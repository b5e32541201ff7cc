"""Bad input has defined ends: a problem, a log line and a counter; never a 500, never a trace."""

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import structlog
from starlette.types import Message

from connectors import quiet
from tests.connectors.hosts.commands.conftest import COLLECTION, KEY, LIMIT, problem
from worker.errors import StoreUnavailable
from worker.events import CommandAccepted, RequestAnswered
from worker.passage import Passage

if TYPE_CHECKING:
    from tests.connectors.hosts.commands.conftest import Shop

GOOD = {"external_id": "c-1"}
BODY = json.dumps(GOOD).encode()


def nothing_kept(shop: "Shop") -> bool:
    """Say whether the store never heard of the conversation."""
    return asyncio.run(shop.store.view("support", "c-1")) is None


@pytest.mark.parametrize(
    ("body", "headers", "status", "name"),
    [
        (b"{", {}, 400, "malformed-request"),
        (b'{"external_id":"c-1","external_id":"c-2"}', {}, 400, "malformed-request"),
        (b'{"external_id":"c-1","user_data":{"a":NaN}}', {}, 400, "malformed-request"),
        (rb'{"external_id":"\ud800"}', {}, 400, "malformed-request"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, {}, 400, "malformed-request"),
        (b"[]", {}, 400, "malformed-request"),
        (b"", {}, 400, "invalid-request"),
        (b"{}", {}, 400, "invalid-request"),
        (b'{"external_id":"c-1","colour":1}', {}, 400, "invalid-request"),
        (rb'{"external_id":"a\r\nX-Injected: 1"}', {}, 400, "invalid-request"),
        (b'{"external_id":"c-1","user_data":{"Queue":"x"}}', {}, 400, "invalid-request"),
        (BODY, {"Idempotency-Key": "unquoted"}, 400, "idempotency-key-missing"),
        (BODY, {"Authorization": "Basic eA=="}, 401, "unauthorized"),
        (BODY, {"Content-Length": "99999999"}, 413, "too-large"),
        (b"x" * (LIMIT + 1), {}, 413, "too-large"),
        (BODY, {"Content-Type": "text/plain"}, 415, "unsupported-media-type"),
        (BODY, {"Content-Type": "application/json; charset=utf-16"}, 415, "unsupported-media-type"),
        (BODY, {"Content-Encoding": "gzip"}, 415, "unsupported-media-type"),
    ],
)
def test_each_fault_has_its_end(
    shop: "Shop", body: bytes, headers: dict[str, str], status: int, name: str
) -> None:
    """One status, one problem, one counter, one log line; and nothing is kept."""
    with structlog.testing.capture_logs() as logs:
        response = shop.ask("POST", COLLECTION, body, key="k-1", headers=headers)
    problem(response, status, name)
    assert nothing_kept(shop)
    channel = "api" if status == 401 else "api.shop"
    assert shop.door.counters == [("support", f"{channel}:{name}")]
    assert [(log["event"], log["channel"], log["problem"]) for log in logs] == [
        ("command_refused", channel, name)
    ]


def test_every_reason_is_named(shop: "Shop") -> None:
    """All at once, each with its place, and nothing that was sent."""
    content = {"external_id": "", "user_data": {"Queue": "secret"}, "colour": "secret"}
    told = problem(shop.ask("POST", COLLECTION, content, key="k-1"), 400, "invalid-request")
    assert [each["at"] for each in told["errors"]] == [
        "body.external_id",
        "body.user_data.Queue",
        "body.colour",
    ]
    assert "secret" not in json.dumps(told)


def test_a_command_without_a_key_is_refused(shop: "Shop") -> None:
    """The draft's 400; reading needs none."""
    problem(shop.ask("POST", COLLECTION, GOOD), 400, "idempotency-key-missing")
    assert nothing_kept(shop)


@pytest.mark.parametrize("bearer", [None, "wrong-key-0123456789"])
@pytest.mark.parametrize(("method", "path"), [("POST", COLLECTION), ("GET", f"{COLLECTION}/c-1")])
def test_a_stranger_learns_nothing(shop: "Shop", method: str, path: str, bearer: str | None) -> None:
    """401 whatever is behind the path, before the body is read."""
    content = b"x" * (LIMIT + 1) if method == "POST" else None
    response = shop.ask(method, path, content, bearer=bearer)
    problem(response, 401, "unauthorized")
    assert response.headers["www-authenticate"].startswith("Bearer")


def test_a_client_has_its_services(shop: "Shop") -> None:
    """403 for another one, whether it exists or not; the other client may."""
    answers = [
        shop.ask("POST", f"/v1/services/{service}/interactions", GOOD, key="k-1").json()
        for service in ("billing", "nowhere")
    ]
    assert answers[0] == answers[1]
    assert answers[0]["type"] == "/v1/problems/service-not-allowed"
    allowed = shop.ask(
        "POST", "/v1/services/billing/interactions", GOOD, key="k-1", bearer="desk-key-0123456789"
    )
    assert allowed.status_code == 202
    assert shop.door.counters == [("billing", "api.shop:service-not-allowed")]


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), RuntimeError("a bug with a secret")])
def test_our_faults_ask_to_come_again(
    shop: "Shop", monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """503 with a time; only what nobody foresaw leaves a trace, in the log."""

    async def broken(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(shop.store, "append", broken)
    monkeypatch.setattr(shop.store, "view", broken)
    with structlog.testing.capture_logs() as logs:
        for response in (shop.create(), shop.ask("GET", f"{COLLECTION}/c-1")):
            told = problem(response, 503, "unavailable")
            assert int(response.headers["retry-after"]) > 0
            assert "secret" not in json.dumps(told)
    foreseen = isinstance(fault, StoreUnavailable)
    assert [log["event"] for log in logs].count("command_failed") == (0 if foreseen else 2)


def served(shop: "Shop", receive: Callable[[], "Message"]) -> list[Message]:
    """Call the application without a server, with a body of the test's own making."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def main() -> None:
        async def read() -> Message:
            message = receive()
            if message["type"] == "never":
                await asyncio.get_running_loop().create_future()
            return message

        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        scope = {
            "type": "http",
            "method": "POST",
            "path": COLLECTION,
            "raw_path": COLLECTION.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        await shop.app(scope, read, send)

    asyncio.run(main())
    return sent


def test_a_slow_body_is_not_waited_for(make_shop: Callable[..., "Shop"]) -> None:
    """408 after the time that the door gives it."""
    start, _ = served(make_shop(body_timeout_s=0.01), lambda: {"type": "never"})
    assert start["status"] == 408


def test_a_full_house_asks_to_come_again(make_shop: Callable[..., "Shop"]) -> None:
    """Bodies that together would take more than the process gives them are not read: 503."""
    cramped = make_shop(max_in_flight_bytes=10)
    with structlog.testing.capture_logs() as logs:
        problem(cramped.create(), 503, "unavailable")
    assert [log["event"] for log in logs] == ["command_refused"]
    assert cramped.ask("POST", f"{COLLECTION}/c-1/stop", key="k-1").status_code == 202


def test_whoever_hangs_up_costs_nothing(shop: "Shop") -> None:
    """In the middle of the body: nothing is kept, nothing is logged."""
    with structlog.testing.capture_logs() as logs:
        served(shop, lambda: {"type": "http.disconnect"})
    assert logs == []
    assert nothing_kept(shop)


def test_a_flood_of_refusals_fills_no_log(shop: "Shop", monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is counted; of one kind and client one line is written for a while, other kinds have their own."""
    monkeypatch.setattr(quiet, "QUIET_S", 3600.0)
    with structlog.testing.capture_logs() as logs:
        for _ in range(20):
            shop.ask("POST", COLLECTION, b"{", key="k-1")
        shop.ask("POST", COLLECTION, GOOD, bearer="wrong")
    assert len(shop.door.counters) == 21
    assert [(log["problem"], log["times"]) for log in logs] == [("malformed-request", 1), ("unauthorized", 1)]


@pytest.mark.parametrize(
    ("bearer", "asked", "service", "channel", "status"),
    [
        (KEY, "support", "support", "api.shop", 202),
        (KEY, "billing", "billing", "api.shop", 403),
        ("nobody-knows-this-one", "support", "support", "api", 401),
        ("nobody-knows-this-one", "made-up", "", "api", 401),
    ],
)
def test_each_request_is_reported(  # noqa: PLR0917 - a row of the table
    shop: "Shop", bearer: str, asked: str, service: str, channel: str, status: int
) -> None:
    """Whose it was, and how it was answered; what it brought is told within the sender's trace."""
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    sent = {"traceparent": f"00-{trace}-{span}-01"}
    path = f"/v1/services/{asked}/interactions"
    shop.ask("POST", path, BODY, key="k-1", bearer=bearer, headers=sent)
    (told,) = [event for event, _ in shop.door.heard if isinstance(event, RequestAnswered)]
    assert told == RequestAnswered(service, channel, status, trace, span)
    assert 0 <= told.verify_ms <= told.elapsed_ms
    accepted = [within for event, within in shop.door.heard if isinstance(event, CommandAccepted)]
    assert accepted == [Passage(trace, span)] * (status == 202)
