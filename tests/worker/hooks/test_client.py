"""An event is posted as Standard Webhooks has it, only where it may go; every answer is understood."""

import asyncio
import base64
import json
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import abc
from standardwebhooks import Webhook

from worker.addresses import is_public
from worker.errors import SecretMissing, SettingsError
from worker.hooks.client import HookApi
from worker.hooks.connections import Connections
from worker.operations import ByExternalId, GetInteraction, Operation, PostEvent
from worker.outcomes import Failed, Ok, Outcome, Overloaded, Rejected, Unauthorized, Unknown
from worker.settings import SubscriptionSettings
from worker.sockets import sockets_to

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
HAPPENED = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
EVENT = PostEvent("evt_1", "interaction.created", HAPPENED, {"external_id": "c-ü", "generation": 1})
TRACE = "ab" * 16

Secrets = Callable[[], tuple[str, ...]]


def answer(status: str, *headers: str, body: bytes = b"", length: int | None = None) -> bytes:
    """Return an answer's bytes."""
    stated = len(body) if length is None else length
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {stated}", *headers, "", ""]).encode() + body


def posted(
    *answers: bytes,
    url: str = "http://127.0.0.1:{port}/events?for=us%2Fall",
    operation: Operation = EVENT,
    times: int = 1,
    secrets: Secrets = lambda: (SECRET,),
    sockets: Any = None,  # noqa: ANN401 - as aiohttp takes it
    call_timeout_s: float = 5.0,
    trace_id: str = TRACE,
) -> tuple[list[Outcome], list[tuple[str, bytes]], int]:
    """Post to a receiver of ours; return what came of it, what it was sent, and over how many connections."""
    received: list[tuple[str, bytes]] = []
    conversations: list[Any] = []
    connections = 0

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        conversations.append(asyncio.current_task())
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
                received.append((head, await reader.readexactly(length)))
                writer.write(answers[min(len(received), len(answers)) - 1])
                if answers[-1] == b"close":
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def main() -> list[Outcome]:
        server = await asyncio.start_server(receive, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        settings = SubscriptionSettings(
            url=url.format(port=port),
            secrets=("env:SECRET",),
            allow_private=True,
            call_timeout_s=call_timeout_s,
        )
        async with Connections(in_flight=1, sockets=sockets) as pool:
            api = HookApi(pool, "crm", settings, secrets=secrets, clock=lambda: datetime.now(UTC))
            outcomes = [await api.send(operation, trace_id=trace_id) for _ in range(times)]
        server.close()
        await asyncio.gather(*conversations)
        return outcomes

    return asyncio.run(main()), received, connections


def test_an_event_arrives_as_its_receiver_expects_it() -> None:
    """The owners' library verifies it; the address is posted to as it was written."""
    (outcome,), [(head, body)], _ = posted(answer("204 No Content"))
    assert isinstance(outcome, Ok)
    assert head.startswith("POST /events?for=us%2Fall HTTP/1.1\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
    headers["webhook-signature"] = next(
        line.split(": ", 1)[1] for line in head.split("\r\n") if line.lower().startswith("webhook-sig")
    )
    content = {
        "type": "interaction.created",
        "timestamp": "2026-11-23T12:00:00.123Z",
        "data": {"external_id": "c-ü", "generation": 1},
    }
    assert Webhook(SECRET).verify(body, headers) == content
    assert json.loads(body) == content
    assert headers["webhook-id"] == "evt_1"
    assert headers["content-type"] == "application/json"
    assert headers["x-b3-traceid"] == TRACE
    assert "cookie" not in headers
    assert "authorization" not in headers


def test_a_trace_that_no_header_can_carry_is_left_out() -> None:
    """So is none at all."""
    _, [(head, _)], _ = posted(answer("200 OK"), trace_id="")
    assert "b3" not in head.lower()


ANSWERS: dict[str, tuple[bytes, type[Outcome], str]] = {
    "200": (answer("200 OK", body=b"thanks"), Ok, "OK"),
    "202": (answer("202 Accepted"), Ok, "Accepted"),
    "299": (answer("299 Fine"), Ok, ""),
    "302": (answer("302 Found", "Location: http://10.0.0.1/"), Rejected, "a redirect, which is not followed"),
    "400": (answer("400 Bad Request", body=b"<html>personal words"), Rejected, "Bad Request"),
    "401": (answer("401 Unauthorized"), Rejected, "Unauthorized"),
    "404": (answer("404 Not Found"), Rejected, "Not Found"),
    "410": (answer("410 Gone"), Rejected, "Gone"),
    "429": (answer("429 Too Many Requests"), Overloaded, "Too Many Requests"),
    "500": (answer("500 Oops"), Failed, "Internal Server Error"),
    "504": (answer("504 Gateway Timeout"), Failed, "Gateway Timeout"),
}


@pytest.mark.parametrize(("reply", "kind", "said"), ANSWERS.values(), ids=ANSWERS.keys())
def test_every_status_is_understood(reply: bytes, kind: type[Outcome], said: str) -> None:
    """What a receiver says beside its status is nobody's business, and a redirect is not followed."""
    (outcome,), received, _ = posted(reply)
    assert isinstance(outcome, kind)
    assert outcome.evidence.detail == said
    assert len(received) == 1


@pytest.mark.parametrize(
    ("header", "wait_s"), [("Retry-After: 20", 20.0), ("X: 1", None), ("Retry-After: soon", None)]
)
def test_a_receiver_may_ask_for_time(header: str, wait_s: float | None) -> None:
    """In seconds here; without it the schedule holds."""
    (outcome,), _, _ = posted(answer("503 Service Unavailable", header))
    assert isinstance(outcome, Overloaded)
    assert outcome.retry_after_s == wait_s


def test_a_connection_is_used_again() -> None:
    """A short answer is read away for that."""
    outcomes, received, connections = posted(answer("200 OK", body=b"x" * 1000), times=3)
    assert [type(each) for each in outcomes] == [Ok] * 3
    assert (len(received), connections) == (3, 1)


def test_a_long_answer_is_not_read() -> None:
    """Its status was: the connection is closed instead."""
    endless = answer("200 OK", body=b"x" * 200_000, length=10**12)
    outcomes, _, connections = posted(endless, times=2)
    assert [type(each) for each in outcomes] == [Ok] * 2
    assert connections == 2


def test_an_answer_that_breaks_off_was_an_answer() -> None:
    """The status came first, and it is all that counts."""
    (outcome,), _, _ = posted(answer("200 OK", body=b"half", length=1000), b"close")
    assert isinstance(outcome, Ok)


def test_no_answer_is_no_answer() -> None:
    """It may have been heard: it is told again, and the receiver knows it by its id."""
    (outcome,), received, _ = posted(b"", b"close")
    assert isinstance(outcome, Unknown)
    assert len(received) == 1


def test_a_receiver_that_is_silent_is_not_waited_for() -> None:
    """The whole call has its time."""
    (outcome,), _, _ = posted(b"", call_timeout_s=0.2)
    assert outcome == Unknown(outcome.evidence)
    assert outcome.evidence.detail == "the call did not end within 0.2 s"


def test_a_receiver_that_is_away_was_not_reached() -> None:
    """So the try does not count."""
    (outcome,), _, _ = posted(answer("200 OK"), url="http://127.0.0.1:9/")
    assert isinstance(outcome, Failed)
    assert not outcome.reached


def missing() -> tuple[str, ...]:
    """Find no secret."""
    raise SecretMissing("env:SECRET: the environment variable SECRET is not set or empty")


@pytest.mark.parametrize(
    ("secrets", "said"), [(missing, "is not set"), (lambda: ("whsec_short",), "is not base64")]
)
def test_what_cannot_be_signed_is_not_sent(secrets: Secrets, said: str) -> None:
    """The subscription is held until its secret is there."""
    (outcome,), received, _ = posted(answer("200 OK"), secrets=secrets)
    assert isinstance(outcome, Unauthorized)
    assert (outcome.evidence.status, received) == (None, [])
    assert said in outcome.evidence.detail


def test_a_subscription_is_told_events_and_nothing_else() -> None:
    """A call of the API has no business there."""
    (outcome,), received, _ = posted(answer("200 OK"), operation=GetInteraction(ByExternalId("c-1")))
    assert isinstance(outcome, Rejected)
    assert received == []


@pytest.mark.parametrize("url", ["https://h:99999/", "https://[::1/", "https://h:0/"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    """By its setting's name."""
    settings = SubscriptionSettings(url=url, secrets=("env:SECRET",))
    with pytest.raises(SettingsError, match=r"subscriptions\.crm\.url"):
        HookApi(
            Connections(in_flight=1),
            "crm",
            settings,
            secrets=lambda: (SECRET,),
            clock=lambda: datetime.now(UTC),
        )


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "169.254.169.254",
        "10.1.2.3",
        "192.168.0.1",
        "[fd00:ec2::254]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "localhost",
    ],
)
def test_what_is_not_public_is_not_connected_to(host: str) -> None:
    """However it is written, and whether it stands in the URL or comes out of a name."""
    (outcome,), received, connections = posted(
        answer("200 OK"), url=f"http://{host}:{{port}}/", sockets=sockets_to(is_public)
    )
    assert isinstance(outcome, Failed)
    assert not outcome.reached
    assert (received, connections) == ([], 0)


class Turning(abc.AbstractResolver):
    """Says of a name what is next: one address at the first question, another one later."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[abc.ResolveResult]:
        """See `aiohttp.abc.AbstractResolver.resolve`."""
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        return [abc.ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing to close."""


def test_a_name_that_turns_away_after_the_check_gains_nothing() -> None:
    """It is the address of the socket that is checked, at every connection (DNS rebinding)."""

    async def main() -> tuple[Outcome, int]:
        reached = 0

        async def receive(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal reached
            reached += 1
            writer.close()

        server = await asyncio.start_server(receive, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        turning = Turning("93.184.215.14", "127.0.0.1")
        settings = SubscriptionSettings(
            url=f"http://crm.example:{port}/", secrets=("env:SECRET",), allow_private=True
        )
        async with Connections(in_flight=1, sockets=sockets_to(is_public)) as pool:
            pool.session.connector._resolver = turning  # type: ignore[union-attr] # aiohttp's own
            # whoever checked first would have heard this
            assert is_public((await turning.resolve("crm.example"))[0]["host"])
            api = HookApi(pool, "crm", settings, secrets=lambda: (SECRET,), clock=lambda: datetime.now(UTC))
            outcome = await api.send(EVENT, trace_id=TRACE)
        server.close()
        return outcome, reached

    outcome, reached = asyncio.run(main())
    assert isinstance(outcome, Failed)
    assert "127.0.0.1 is not a public address" in outcome.evidence.detail
    assert reached == 0
