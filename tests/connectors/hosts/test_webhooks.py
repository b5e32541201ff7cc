"""Bad input over real sockets, byte by byte: each has its status, its log line and its counter."""

import asyncio
import gzip
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from connectors import quiet
from connectors.base import Connector, Delivery, Handshake, Ignored, Manners, Reply, Verified
from connectors.hosts.http import create_app
from connectors.hosts.http_server import serve
from connectors.hosts.rejections import Rejections
from connectors.reception import AT_HOME, Errands, Obtained
from tests.connectors.conftest import RecordingDoor
from worker.commands import Command
from worker.settings import ChannelSettings, HttpSettings

if TYPE_CHECKING:
    from tests.connectors.conftest import Settled

OPENED = json.dumps(
    {"event": "ticket.opened", "delivery": "e1", "ticket": {"id": 7, "subject": "Cold"}}
).encode()
LIMIT = 8192


@dataclass(frozen=True)
class Told:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Site:
    """A server with its channels, and everything that came of what was sent there."""

    channels: dict[str, Connector]
    clock: Callable[[], datetime]
    ids: Callable[[], str]
    settings: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, ChannelSettings] = field(default_factory=dict)
    errands: Errands = AT_HOME
    paused: set[str] = field(default_factory=set)
    door: RecordingDoor = field(default_factory=RecordingDoor)
    logs: list[Any] = field(default_factory=list)

    def exchange(self, *requests: bytes, connections: int = 1) -> list[Told]:
        """Send bytes on a fresh connection each, and return every answer up to the end of the connections."""

        async def main() -> list[Told]:
            rejections = Rejections(self.door, time.monotonic)
            settings = HttpSettings(port=0, max_body_bytes=LIMIT, **self.settings)
            app = create_app(
                self.channels,
                door=self.door,
                clock=self.clock,
                ids=self.ids,
                settings=settings,
                ready=ready,
                limits=self.limits,
                errands=self.errands,
                is_paused=self.paused.__contains__,
                rejections=rejections,
            )
            server = await serve(app, settings, rejections)
            try:
                told = [
                    answer
                    for request in requests
                    for answers in await asyncio.gather(
                        *(talk(server.port, request) for _ in range(connections))
                    )
                    for answer in answers
                ]
                await asyncio.sleep(0)
                return told
            finally:
                await server.stop()

        with structlog.testing.capture_logs() as self.logs:
            return asyncio.run(main())

    @property
    def counted(self) -> list[str]:
        """The counters that went up."""
        return [f"{service}/{counter}" for service, counter in self.door.counters]

    @property
    def logged(self) -> list[str]:
        """Why something was turned away or not accepted, as the log has it."""
        return [
            line["reason"] for line in self.logs if line["event"] in ("request_rejected", "delivery_refused")
        ]


async def ready() -> None:
    """Be ready."""


async def talk(port: int, request: bytes) -> list[Told]:
    """Send everything and half-close only when the server has answered; return its answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answers = []
    try:
        async with asyncio.timeout(8):
            while (answer := await read_answer(reader)) is not None:
                answers.append(answer)
                if answer.headers.get("connection") != "close" and reader.at_eof():
                    break
                if len(answers) == request.count(b" HTTP/1."):
                    break
    finally:
        writer.close()
    return answers


async def read_answer(reader: asyncio.StreamReader) -> Told | None:
    """Read one answer; None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
    status = int(first.split()[1])
    if status == 100:
        return await read_answer(reader)
    return Told(status, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def raw(
    body: bytes = OPENED,
    *,
    path: str = "/channels/tickets",
    method: str = "POST",
    headers: Sequence[str] = (),
    version: str = "1.1",
    length: bool = True,
) -> bytes:
    """Return a request's bytes."""
    lines = [f"{method} {path} HTTP/{version}", "Host: bridge.example", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(body: bytes, size: int = 10) -> bytes:
    """Return a body in chunks."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.fixture
def site(
    tickets: "Settled", mailbox: "Settled", clock: Callable[[], datetime], ids: Callable[[], str]
) -> Site:
    """The fixtures' channels behind a real server."""
    return Site({"tickets": tickets.connector, "mail": mailbox.connector}, clock, ids)


@pytest.fixture
def signed(tickets: "Settled") -> Callable[..., list[str]]:
    """Return the headers with which a body is genuine."""

    def sign(body: bytes) -> list[str]:
        delivery = tickets.delivery(body)
        return [f"{name}: {value}" for name, value in delivery.headers.pairs]

    return sign


LINE = "request line"
MANY = [f"X-{number}: 1" for number in range(120)]

#: What is sent, its status, its counter.
UNFIT: list[tuple[str, bytes, int, str]] = [
    ("no HTTP", b"HELO bridge\r\n\r\n", 400, "/http:malformed"),
    ("TLS on a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "/http:malformed"),
    ("no Host", b"POST /channels/tickets HTTP/1.1\r\n\r\n", 400, "/http:malformed"),
    ("two Hosts", raw(headers=["Host: other"]), 400, "/http:malformed"),
    ("a header folded into lines", raw(headers=["X-A: 1\r\n\x00 2"]), 400, "/http:malformed"),
    ("a bare CR in a header", raw(headers=["X-A: 1\rX-B: 2"]), 400, "/http:malformed"),
    ("a blank before the colon", raw(headers=["X-A : 1"]), 400, "/http:malformed"),
    ("NUL in the path", raw(path="/channels/\x00tickets"), 400, "/http:malformed"),
    ("two lengths", raw(headers=["Content-Length: 1"]), 400, "/http:malformed"),
    ("a length that is none", raw(length=False, headers=["Content-Length: +5"]), 400, "/http:malformed"),
    ("an endless length", raw(length=False, headers=["Content-Length: " + "9" * 40]), 400, "/http:malformed"),
    ("an unknown transfer coding", raw(headers=["Transfer-Encoding: gzip, chunked"]), 400, "/http:malformed"),
    (
        "length and chunks",
        raw(b"0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n", headers=["Transfer-Encoding: chunked"]),
        400,
        "/http:ambiguous",
    ),
    (
        "chunks in HTTP/1.0",
        raw(chunked(OPENED), length=False, version="1.0", headers=["Transfer-Encoding: chunked"]),
        400,
        "/http:ambiguous",
    ),
    ("many headers", raw(headers=MANY), 431, "/http:too_many_headers"),
    ("a large header", raw(headers=["X-A: " + "a" * 20_000]), 431, "/http:too_many_headers"),
    ("an absurd header", raw(headers=["X-A: " + "a" * 2_000_000]), 431, "/http:too_many_headers"),
    ("an absurd path", raw(path="/" + "a" * 100_000), 431, "/http:too_many_headers"),
    ("an unknown channel", raw(path="/channels/nobody"), 404, "/http:unknown_channel"),
    ("a channel that is fed by mail", raw(path="/channels/mail"), 404, "/http:unknown_channel"),
    ("no channel", raw(path="/channels/"), 404, "/http:unknown_channel"),
    ("two slashes", raw(path="/channels//tickets"), 404, "/http:unknown_channel"),
    ("a slash behind", raw(path="/channels/tickets/"), 404, "/http:unknown_channel"),
    ("dots in escapes", raw(path="/channels/%2e%2e/channels/tickets"), 404, "/http:unknown_channel"),
    ("dots", raw(path="/channels/../channels/tickets"), 404, "/http:unknown_channel"),
    ("NUL in escapes", raw(path="/channels/tickets%00"), 404, "/http:unknown_channel"),
    ("a parameter", raw(path="/channels/tickets;x=1"), 404, "/http:unknown_channel"),
    ("a slash in escapes", raw(path="/channels/tickets%2f"), 404, "/http:unknown_channel"),
    ("a line break in escapes", raw(path="/channels/x%0d%0aSet-Cookie:%20a=b"), 404, "/http:unknown_channel"),
    ("no UTF-8 in escapes", raw(path="/channels/%ff%fe"), 404, "/http:unknown_channel"),
    ("a long name", raw(path="/channels/" + "n" * 5000), 404, "/http:unknown_channel"),
    ("a wrong method", raw(method="PUT"), 405, "support/tickets:wrong_method"),
    ("GET", raw(b"", method="GET"), 405, "support/tickets:wrong_method"),
    ("an unknown method", raw(b"", method="BREW"), 405, "support/tickets:wrong_method"),
    ("10 MB announced", raw(b"x" * 10_000_000), 413, "support/tickets:too_large"),
    (
        "10 MB in chunks",
        raw(chunked(b"x" * 10_000_000, 65536), length=False, headers=["Transfer-Encoding: chunked"]),
        413,
        "support/tickets:too_large",
    ),
    (
        "10 MB kept back",
        raw(b"", length=False, headers=["Content-Length: 10000000", "Expect: 100-continue"]),
        413,
        "support/tickets:too_large",
    ),
    (
        "a bomb that says so",
        raw(gzip.compress(b"\0" * 5_000_000), headers=["Content-Encoding: gzip"]),
        415,
        "support/tickets:encoded",
    ),
    ("brotli", raw(headers=["Content-Encoding: br"]), 415, "support/tickets:encoded"),
    ("no signature", raw(), 401, "support/tickets:refused"),
    ("a wrong signature", raw(headers=["X-Signature-256: " + "0" * 64]), 401, "support/tickets:refused"),
    (
        "a signature in bytes",
        raw(headers=["X-Signature-256: sha256=\xff\xfe"]),
        401,
        "support/tickets:refused",
    ),
]


@pytest.mark.parametrize(
    ("request_", "status", "counter"), [row[1:] for row in UNFIT], ids=[r[0] for r in UNFIT]
)
def test_what_is_not_fit_is_turned_away(site: Site, request_: bytes, status: int, counter: str) -> None:
    """One answer with the defined status, one count, one log line; nothing kept, nothing of ours shown."""
    (told,) = site.exchange(request_)
    assert told.status == status
    assert told.headers["content-type"] == "application/problem+json"
    assert json.loads(told.body)["status"] == status
    assert b"Traceback" not in told.body
    assert "set-cookie" not in told.headers
    assert site.counted == [counter]
    assert len(site.logged) == 1
    assert (site.door.commands, site.door.letters) == ([], {})
    assert not any(line.get("exc_info") for line in site.logs)
    assert max(len(str(line)) for line in site.logs) < 400


#: What is sent with a good signature, and what becomes of it.
GENUINE: list[tuple[str, bytes, int, str]] = [
    ("not JSON", b"event=ticket.opened", 202, "unreadable"),
    ("UTF-16", OPENED.decode().encode("utf-16"), 202, "unreadable"),
    ("Latin-1", '{"event":"ticket.öpened"}'.encode("latin-1"), 202, "unreadable"),
    ("nested deeply", b"[" * 4000 + b"]" * 4000, 202, "unreadable"),
    ("NaN", OPENED.replace(b"7", b"NaN"), 202, "unreadable"),
    ("half of a surrogate pair", OPENED.replace(b"Cold", rb"\ud800"), 202, "unreadable"),
    ("a key twice", OPENED.replace(b"{", b'{"event": "ticket.viewed", ', 1), 202, "unreadable"),
    ("empty", b"", 202, "unreadable"),
    ("a gzip without saying so", gzip.compress(b"\0" * 1_000_000), 202, "unreadable"),
]


@pytest.mark.parametrize(
    ("body", "status", "word"), [row[1:] for row in GENUINE], ids=[r[0] for r in GENUINE]
)
def test_what_is_genuine_but_not_understood_is_kept(
    site: Site, signed: Callable[..., list[str]], body: bytes, status: int, word: str
) -> None:
    """It is acknowledged, because coming again would not help, and a person finds it byte for byte."""
    (told,) = site.exchange(raw(body, headers=signed(body)))
    assert (told.status, json.loads(told.body)["status"]) == (status, word)
    assert [letter.body for letter in site.door.letters.values()] == [body]
    assert site.counted == [f"support/tickets:{word}"]
    assert site.door.commands == []


@pytest.mark.parametrize(
    "more",
    [
        ["Content-Type: text/plain"],
        ["Content-Type: application/json; charset=utf-16"],
        ["Content-Type: ;;;"],
        ["Content-Encoding: identity"],
        ["Expect: 100-continue"],
        ["Connection: close"],
    ],
)
def test_the_bytes_count_and_not_what_is_said_of_them(
    site: Site, signed: Callable[..., list[str]], more: list[str]
) -> None:
    """A wrong type or charset over right bytes is accepted: the signature speaks for the bytes alone."""
    (told,) = site.exchange(raw(headers=[*signed(OPENED), *more]))
    assert told.status == 202
    assert len(site.door.commands) == 1


def test_every_form_of_a_request_is_understood(site: Site, signed: Callable[..., list[str]]) -> None:
    """HTTP/1.0, chunks and pipelines: each delivery is accepted once, and answered in order."""
    headers = signed(OPENED)
    whole = raw(headers=headers)
    pieces = raw(chunked(OPENED), length=False, headers=[*headers, "Transfer-Encoding: chunked"])
    told = site.exchange(raw(headers=headers, version="1.0"), pieces, whole + pieces + raw(b"", method="GET"))
    assert [each.status for each in told] == [202, 200, 200, 200, 405]
    assert len(site.door.commands) == 1


def test_a_replayed_delivery_is_a_duplicate_and_another_body_a_conflict(
    site: Site, signed: Callable[..., list[str]]
) -> None:
    """What is not new is said to be so; nothing is kept twice."""
    other = OPENED.replace(b"Cold", b"Warm")
    genuine = raw(headers=signed(OPENED))
    told = site.exchange(genuine, genuine, raw(other, headers=signed(other)))
    assert [each.status for each in told] == [202, 200, 409]
    assert site.counted == ["support/tickets:conflict"]
    assert len(site.door.commands) == 1


def test_a_flipped_byte_is_refused(site: Site, signed: Callable[..., list[str]]) -> None:
    """Wherever it stands."""
    for at in (0, len(OPENED) // 2, len(OPENED) - 1):
        flipped = OPENED[:at] + bytes([OPENED[at] ^ 1]) + OPENED[at + 1 :]
        (told,) = site.exchange(raw(flipped, headers=signed(OPENED)))
        assert told.status == 401
    assert site.door.commands == []


def test_a_flood_of_strangers_is_counted_and_fills_no_log(site: Site) -> None:
    """Every one is counted; of those within a second one line is written, with a short and harmless name."""
    site.exchange(*(raw(b"", path=f"/channels/{'n' * 500}%0a{number}") for number in range(50)))
    assert site.counted == ["/http:unknown_channel"] * 50
    lines = [line for line in site.logs if line["event"] == "request_rejected"]
    assert 1 <= len(lines) <= 5
    assert len(lines[0]["channel"]) <= 64


def test_a_flood_of_forgeries_is_counted_and_fills_no_log(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever knows a channel's address can send what is not genuine, and cannot fill our disk with it."""
    monkeypatch.setattr(quiet, "QUIET_S", 3600.0)
    told = site.exchange(*(raw(headers=["X-Signature-256: sha256=00"]) for _ in range(20)))
    assert {each.status for each in told} == {401}
    assert site.counted == ["support/tickets:refused"] * 20
    (line,) = [line for line in site.logs if line["event"] == "delivery_refused"]
    assert line["times"] == 1


def test_a_head_that_drips_is_not_waited_for(site: Site) -> None:
    """Half a head gets 408 when its time is up; a connection without any request is just closed."""
    site.settings["head_timeout_s"] = 0.05
    (told,) = site.exchange(b"POST /channels/tickets HTTP/1.1\r\nHost: ")
    assert (told.status, told.headers["connection"]) == (408, "close")
    assert site.exchange(b"") == []
    assert site.counted == ["/http:too_slow"]


def test_the_second_head_of_a_connection_is_timed_too(site: Site, signed: Callable[..., list[str]]) -> None:
    """Whoever behaved once may not drip for ever afterwards."""
    site.settings["head_timeout_s"] = 0.05
    told = site.exchange(raw(headers=signed(OPENED)) + b"POST / HTTP/1.1\r\nHost")
    assert [each.status for each in told] == [202, 408]


def test_a_body_that_drips_is_not_waited_for(site: Site) -> None:
    """408, and the end of the connection."""
    site.settings["body_timeout_s"] = 0.05
    (told,) = site.exchange(raw(b"", length=False, headers=["Content-Length: 100"]))
    assert (told.status, told.headers["connection"]) == (408, "close")
    assert site.counted == ["support/tickets:too_slow"]


def test_a_broken_chunk_keeps_nothing(site: Site) -> None:
    """The body's end is not to be known, so nothing of it counts."""
    (told,) = site.exchange(raw(b"zz\r\nhello\r\n", length=False, headers=["Transfer-Encoding: chunked"]))
    assert told.status == 400
    assert site.counted == ["/http:malformed"]


def test_a_channel_has_its_own_size(site: Site, signed: Callable[..., list[str]]) -> None:
    """Below the door's limit or above it."""
    site.limits["tickets"] = ChannelSettings(
        connector="webhook", service="support", max_body_bytes=LIMIT + 10
    )
    fits, over = OPENED.ljust(LIMIT + 10), OPENED.ljust(LIMIT + 11)
    told = site.exchange(raw(fits, headers=signed(fits)), raw(over, headers=signed(over)))
    assert [each.status for each in told] == [202, 413]


def test_a_channel_has_its_own_rate(site: Site, signed: Callable[..., list[str]]) -> None:
    """Over it the sender hears 429 and when to come again, before anything is read."""
    site.limits["tickets"] = ChannelSettings(connector="webhook", service="support", rate_per_s=0.1, burst=2)
    told = site.exchange(*[raw(headers=signed(OPENED))] * 3)
    assert [each.status for each in told] == [202, 200, 429]
    assert int(told[2].headers["retry-after"]) in (9, 10)
    assert site.counted == ["support/tickets:rate_limited"]


@pytest.mark.parametrize(
    "settings", [{"max_in_flight_bytes": len(OPENED) - 1}, {"max_in_flight_bytes": 1, "max_in_flight": 1}]
)
def test_more_than_there_is_room_for_comes_again(
    site: Site, signed: Callable[..., list[str]], settings: dict[str, int]
) -> None:
    """503 with Retry-After, and nothing kept."""
    site.settings.update(settings)
    (told,) = site.exchange(raw(headers=signed(OPENED)))
    assert (told.status, told.headers["retry-after"]) == (503, "5")
    assert site.counted == ["support/tickets:busy"]
    assert site.door.commands == []


def test_deliveries_under_way_are_numbered(site: Site) -> None:
    """One that hangs in its body takes the only place; the next one is told to come again."""
    site.settings.update(max_in_flight=1, body_timeout_s=0.3)
    told = site.exchange(raw(b"", length=False, headers=["Content-Length: 9"]), connections=2)
    assert sorted(each.status for each in told) == [408, 503]


def test_connections_are_numbered(site: Site) -> None:
    """One too many is told so before it has asked for anything."""
    site.settings.update(max_connections=1, head_timeout_s=0.2)
    told = site.exchange(b"GET /li", connections=2)
    assert sorted(each.status for each in told) == [408, 503]
    assert sorted(site.counted) == ["/http:busy", "/http:too_slow"]


def test_a_paused_channel_lets_nothing_in(site: Site, signed: Callable[..., list[str]]) -> None:
    """Its senders come again later; the others notice nothing."""
    site.paused.add("tickets")
    (told,) = site.exchange(raw(headers=signed(OPENED)))
    assert (told.status, told.headers["retry-after"]) == (503, "5")
    assert site.counted == ["support/tickets:paused"]
    site.paused.clear()
    assert site.exchange(raw(headers=signed(OPENED)))[0].status == 202


NOTHING = Ignored("nothing")
USUAL = Manners()


@dataclass
class Polite:
    """A connector with manners of its own, which does what it is told."""

    says: tuple[Command, ...] | Ignored | Handshake = NOTHING
    manners: Manners = USUAL
    seen: list[Delivery] = field(default_factory=list)
    name = "polite"
    channel = "polite"
    service = "support"
    hosts = frozenset({"http"})

    def verify(self, delivery: Delivery) -> Verified:
        """Believe everything."""
        self.seen.append(delivery)
        return Verified(delivery, "none")

    def translate(self, verified: Verified) -> tuple[Command, ...] | Ignored | Handshake:  # noqa: ARG002 - scripted
        """Say what is scripted."""
        return self.says


def polite(site: Site, connector: Polite) -> Polite:
    """Serve a connector at `/channels/polite`."""
    site.channels["polite"] = connector
    return connector


def test_a_sender_may_come_by_other_methods(site: Site) -> None:
    """A challenge by GET is answered with what its sender wants to read; other methods are named."""
    challenge = Handshake(Reply("text/plain", b"1158201444"), "a challenge")
    connector = polite(site, Polite(challenge, Manners(methods=frozenset({"GET", "POST"}))))
    told = site.exchange(
        raw(b"", method="GET", path="/channels/polite?hub.challenge=1158201444", length=False),
        raw(method="PUT", path="/channels/polite"),
    )
    assert (told[0].status, told[0].body, told[0].headers["content-type"]) == (
        200,
        b"1158201444",
        "text/plain",
    )
    assert told[0].headers["x-content-type-options"] == "nosniff"
    assert (told[1].status, told[1].headers["allow"]) == (405, "GET, POST")
    assert (connector.seen[0].method, connector.seen[0].body) == ("GET", b"")
    assert connector.seen[0].url == "http://bridge.example/channels/polite?hub.challenge=1158201444"


def test_a_sender_may_want_its_own_words_and_statuses(site: Site) -> None:
    """Every answer that is no error has the reply that its kind of sender expects, 204 has none."""
    reply = Reply("text/xml", b"<Response/>")
    polite(site, Polite(manners=Manners(reply=reply)))
    (told,) = site.exchange(raw(path="/channels/polite"))
    assert (told.status, told.body, told.headers["content-type"]) == (200, b"<Response/>", "text/xml")
    polite(site, Polite(manners=Manners(reply=reply, statuses={"ignored": 204})))
    (told,) = site.exchange(raw(path="/channels/polite"))
    assert (told.status, told.body) == (204, b"")
    assert "content-type" not in told.headers


@dataclass
class Noting:
    """Errands that are only written down."""

    visits: list[tuple[str, str]] = field(default_factory=list)

    async def obtain(self, _url: str) -> Obtained:
        """Find nothing."""
        return Obtained.NOWHERE

    def visit(self, url: str, channel: str) -> None:
        """Write it down."""
        self.visits.append((url, channel))


def test_an_address_to_be_visited_is_handed_on(site: Site) -> None:
    """The answer does not wait for the visit."""
    errands = Noting()
    site.errands = errands
    url = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription"
    polite(site, Polite(Handshake(Reply("text/plain"), "a subscription", visit=url)))
    assert site.exchange(raw(path="/channels/polite"))[0].status == 200
    assert errands.visits == [(url, "polite")]
