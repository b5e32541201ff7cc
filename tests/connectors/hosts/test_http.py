"""The HTTP host, over real sockets: what a sender is told, and what the door holds afterwards."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope

from connectors.base import Connector, Delivery
from connectors.hosts.http import create_app
from connectors.hosts.http_server import serve
from connectors.hosts.rejections import Rejections
from worker.errors import LaneFull, StoreUnavailable
from worker.settings import HttpSettings

if TYPE_CHECKING:
    from tests.connectors.conftest import RecordingDoor, Settled

LIMIT = 4096
SPAN = "0af7651916cd43dd8448eb211c80319c"
OPENED = json.dumps(
    {"event": "ticket.opened", "delivery": "e1", "ticket": {"id": 7, "subject": "Cold"}}
).encode()

Talk = Callable[[httpx.AsyncClient], Awaitable[None]]


async def nothing() -> None:
    """Be ready."""


@pytest.fixture
def converse(
    tickets: "Settled", mailbox: "Settled", clock: Callable[[], datetime], ids: Callable[[], str]
) -> Callable[..., None]:
    """Serve both fixtures' channels to a conversation."""

    def run(talk: Talk, door: "RecordingDoor", ready: Callable[[], Awaitable[None]] = nothing) -> None:
        async def main() -> None:
            channels: dict[str, Connector] = {"tickets": tickets.connector, "mail": mailbox.connector}
            app = create_app(
                channels,
                door=door,
                clock=clock,
                ids=ids,
                settings=HttpSettings(max_body_bytes=LIMIT),
                ready=ready,
            )
            server = await serve(app, HttpSettings(port=0), Rejections(door, time.monotonic))
            try:
                async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
                    await talk(client)
            finally:
                await server.stop()

        asyncio.run(main())

    return run


@pytest.fixture
def post(tickets: "Settled") -> Callable[..., Awaitable[httpx.Response]]:
    """Post a signed body to the ticket channel."""

    async def send(client: httpx.AsyncClient, body: bytes, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's options
        headers = {**tickets.delivery(body).headers, **more.pop("headers", {})}
        return await client.post("/channels/tickets", content=body, headers=headers, **more)

    return send


def assert_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """Check that an answer is a problem document, and return it."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    content: dict[str, Any] = response.json()
    assert content["status"] == status
    assert content["type"] == "about:blank"
    assert content["title"]
    assert "Traceback" not in response.text
    return content


def test_a_signed_webhook_is_accepted_once(
    converse: Callable[..., None],
    post: Callable[..., Awaitable[httpx.Response]],
    door: "RecordingDoor",
) -> None:
    """A genuine delivery gets 202 and a receipt; the same one again gets 200 and the first receipt."""

    async def talk(client: httpx.AsyncClient) -> None:
        first = await post(client, OPENED, headers={"traceparent": f"00-{SPAN}-00f067aa0ba902b7-01"})
        again = await post(client, OPENED)
        assert (first.status_code, again.status_code) == (202, 200)
        assert first.json()["status"] == "accepted"
        assert again.json()["status"] == "duplicate"
        receipt = first.json()["receipts"][0]
        assert again.json()["receipts"] == [{**receipt, "duplicate": True}]
        assert (receipt["sequence"], receipt["position"], receipt["duplicate"]) == (1, 0, False)

    converse(talk, door)
    assert [command.trace_id for command in door.commands] == [SPAN]


def test_a_wrong_signature_is_refused(converse: Callable[..., None], door: "RecordingDoor") -> None:
    """Whoever cannot sign gets 401 and nothing is stored but a count."""

    async def talk(client: httpx.AsyncClient) -> None:
        for headers in ({}, {"X-Signature-256": "sha256=" + "0" * 64}):
            response = await client.post("/channels/tickets", content=OPENED, headers=headers)
            assert_problem(response, 401)
            assert response.headers["www-authenticate"]

    converse(talk, door)
    assert (door.commands, door.letters) == ([], {})
    assert door.counters == [("support", "tickets:refused")] * 2


def test_what_is_not_json_is_kept(
    converse: Callable[..., None],
    post: Callable[..., Awaitable[httpx.Response]],
    door: "RecordingDoor",
) -> None:
    """A genuine delivery that cannot be read gets 202 and is kept once, byte for byte."""

    async def talk(client: httpx.AsyncClient) -> None:
        for _ in range(2):
            response = await post(client, b"event=ticket.opened")
            assert response.status_code == 202
            assert response.json()["status"] == "unreadable"
            assert response.json()["letter"] in door.letters

    converse(talk, door)
    assert [letter.body for letter in door.letters.values()] == [b"event=ticket.opened"]


def test_what_does_not_concern_us_is_ignored(
    converse: Callable[..., None],
    post: Callable[..., Awaitable[httpx.Response]],
    door: "RecordingDoor",
) -> None:
    """A known event that means nothing here gets 200 and the reason."""

    async def talk(client: httpx.AsyncClient) -> None:
        response = await post(client, b'{"event": "ticket.viewed"}')
        assert response.status_code == 200
        assert response.json()["status"] == "ignored"
        assert response.json()["reason"]

    converse(talk, door)
    assert door.commands == []


def test_one_key_with_two_contents_is_a_conflict(
    converse: Callable[..., None],
    post: Callable[..., Awaitable[httpx.Response]],
    door: "RecordingDoor",
) -> None:
    """The second content gets 409 with both fingerprints, and is not kept: the sender knows."""

    async def talk(client: httpx.AsyncClient) -> None:
        await post(client, OPENED)
        content = assert_problem(await post(client, OPENED.replace(b"Cold", b"Warm")), 409)
        assert content["firstFingerprint"] != content["secondFingerprint"]

    converse(talk, door)
    assert (len(door.commands), door.letters) == (1, {})


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), LaneFull("full"), RuntimeError("a bug")])
def test_what_was_not_stored_is_not_accepted(
    converse: Callable[..., None],
    post: Callable[..., Awaitable[httpx.Response]],
    broken_door: Callable[[BaseException], "RecordingDoor"],
    fault: BaseException,
) -> None:
    """Whatever keeps the store from accepting, the sender hears 503 and when to come again."""

    async def talk(client: httpx.AsyncClient) -> None:
        for body in (OPENED, b"not JSON"):
            response = await post(client, body)
            assert_problem(response, 503)
            assert int(response.headers["retry-after"]) > 0

    converse(talk, broken_door(fault))


def test_an_announced_giant_is_refused_unread(converse: Callable[..., None], door: "RecordingDoor") -> None:
    """A Content-Length over the limit gets 413 although not one byte of the body was sent."""

    async def talk(client: httpx.AsyncClient) -> None:
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(b"POST /channels/tickets HTTP/1.1\r\nHost: bridge\r\nContent-Length: 99999999\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"application/problem+json" in answer

    converse(talk, door)


def test_a_giant_in_pieces_is_refused_at_the_limit(
    converse: Callable[..., None], door: "RecordingDoor"
) -> None:
    """A body without Content-Length is counted while it arrives, and gets 413 before it ends."""

    async def talk(client: httpx.AsyncClient) -> None:
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(b"POST /channels/tickets HTTP/1.1\r\nHost: bridge\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"1001\r\n" + b"x" * 0x1001 + b"\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.startswith(b"HTTP/1.1 413")

    converse(talk, door)


def test_a_body_at_the_limit_is_read(
    converse: Callable[..., None],
    post: Callable[..., Awaitable[httpx.Response]],
    door: "RecordingDoor",
) -> None:
    """Exactly the limit is not over it."""

    async def talk(client: httpx.AsyncClient) -> None:
        assert (await post(client, OPENED.ljust(LIMIT))).status_code == 202

    converse(talk, door)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/channels/nobody", 404),
        ("POST", "/channels/mail", 404),
        ("POST", "/channels/tickets/", 404),
        ("POST", "/channels/%2e%2e", 404),
        ("GET", "/", 404),
        ("GET", "/channels/tickets", 405),
        ("PUT", "/channels/tickets", 405),
        ("POST", "/livez", 405),
    ],
)
def test_strange_requests_get_problem_documents(
    converse: Callable[..., None], door: "RecordingDoor", method: str, path: str, status: int
) -> None:
    """An unknown channel, one that is no webhook, an unknown path and a wrong method are all explained."""

    async def talk(client: httpx.AsyncClient) -> None:
        response = await client.request(method, path)
        assert_problem(response, status)
        assert ("allow" in response.headers) == (status == 405)

    converse(talk, door)


def test_live_is_not_ready(converse: Callable[..., None], door: "RecordingDoor") -> None:
    """The process lives whatever the store does; it is ready only if the store is."""

    async def not_ready() -> None:
        raise StoreUnavailable("away")

    async def well(client: httpx.AsyncClient) -> None:
        assert (await client.get("/livez")).json() == {"status": "live"}
        assert (await client.get("/readyz")).json() == {"status": "ready"}

    async def ill(client: httpx.AsyncClient) -> None:
        assert (await client.get("/livez")).status_code == 200
        assert "away" not in assert_problem(await client.get("/readyz"), 503)["detail"]

    converse(well, door)
    converse(ill, door, not_ready)


def ask(
    app: Any,  # noqa: ANN401 - any ASGI application
    receive: Receive,
    path: str = "/channels/tickets",
    sent: list[Message] | None = None,
) -> list[Message]:
    """Call an application without a server, and return what it sent."""
    sent = [] if sent is None else sent

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "root_path": "",
        "headers": [],
        "query_string": b"",
    }
    asyncio.run(app(scope, receive, send))
    return sent


async def broken(_: Request) -> Response:
    """Have a bug."""
    raise LookupError("a bug")


@pytest.fixture
def make_app(door: "RecordingDoor", ids: Callable[[], str]) -> Callable[..., Any]:
    """Make an application of channels and a clock."""

    def make(channels: dict[str, Connector], clock: Callable[[], datetime], **settings: Any) -> Any:  # noqa: ANN401 - as above
        return create_app(
            channels,
            door=door,
            clock=clock,
            ids=ids,
            settings=HttpSettings(**settings),
            ready=nothing,
            beside=[Route("/broken", broken, methods=["POST"])],
        )

    return make


async def whole_body() -> Message:
    """Send everything at once."""
    return {"type": "http.request", "body": b"{}", "more_body": False}


def test_nobody_is_answered_after_hanging_up(
    make_app: Callable[..., Any], tickets: "Settled", clock: Callable[[], datetime]
) -> None:
    """A sender that goes away in the middle of its body costs nothing."""

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    assert ask(make_app({"tickets": tickets.connector}, clock), gone) == []


def test_a_slow_body_is_not_waited_for(
    make_app: Callable[..., Any],
    tickets: "Settled",
    clock: Callable[[], datetime],
) -> None:
    """A body that does not arrive in time gets 408."""

    async def never() -> Message:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    app = make_app({"tickets": tickets.connector}, clock, body_timeout_s=0.01)
    assert ask(app, never)[0]["status"] == 408


def test_a_fault_outside_the_connector_is_an_excuse(make_app: Callable[..., Any], tickets: "Settled") -> None:
    """Even a broken clock is answered with 503 instead of 500."""

    def broken_clock() -> datetime:
        raise RuntimeError("no battery")

    start, _ = ask(make_app({"tickets": tickets.connector}, broken_clock), whole_body)
    assert start["status"] == 503


def test_a_fault_anywhere_else_is_an_excuse(
    make_app: Callable[..., Any], clock: Callable[[], datetime]
) -> None:
    """What breaks outside every endpoint's own care is answered with 503, and the server hears of it."""
    sent: list[Message] = []
    with pytest.raises(LookupError):
        ask(make_app({}, clock), whole_body, "/broken", sent)
    assert sent[0]["status"] == 503


def test_a_peer_that_is_not_known_is_none(
    make_app: Callable[..., Any], tickets: "Settled", clock: Callable[[], datetime], door: "RecordingDoor"
) -> None:
    """A server that does not know whom it serves leaves the peer empty."""
    seen: list[Delivery] = []

    class Watching:
        name, channel, service = "webhook", "tickets", "support"
        hosts, manners = tickets.connector.hosts, tickets.connector.manners
        translate = tickets.connector.translate

        def verify(self, delivery: Delivery) -> Any:  # noqa: ANN401 - only passed through
            seen.append(delivery)
            return tickets.connector.verify(delivery)

    assert ask(make_app({"tickets": Watching()}, clock), whole_body)[0]["status"] == 401
    assert seen[0].peer == ""
    assert door.counters == [("support", "tickets:refused")]
