"""From an operation to its outcome, over a real socket."""

import asyncio
import gzip
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

import pytest

from worker.api import Connections, OpenMediaApi
from worker.errors import SecretMissing, SettingsError
from worker.operations import (
    ByExternalId,
    CreateInteraction,
    GetInteraction,
    Operation,
    StopInteraction,
    UpdateInteraction,
)
from worker.outcomes import (
    Conflict,
    Evidence,
    Failed,
    NotFound,
    Ok,
    Outcome,
    Overloaded,
    Rejected,
    Snapshot,
    Unauthorized,
    Unknown,
)
from worker.ports import Api
from worker.settings import ServiceSettings

Ask = Callable[..., tuple[list[Outcome], list[bytes]]]
Serve = Callable[..., AbstractAsyncContextManager[Any]]
SettingsFor = Callable[..., ServiceSettings]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REFERENCE = ByExternalId("mail-1")
CREATE = CreateInteraction("mail-1", {"Subject": "Hi"})
MIB = 1024 * 1024


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Return an answer's bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


CREATED = answer("200 OK", b'{"status":{"code":0,"message":"OK"},"data":{"id":"00A"}}', "X-Request-Id: r-1")


def once(ask: Ask, reply: bytes | str, operation: Operation = CREATE, call: float = 5.0) -> Outcome:
    """Return the outcome of one call that gets this reply."""
    outcomes, _ = ask(reply, operations=[operation], call=call)
    return outcomes[0]


def alone(
    settings: ServiceSettings, api_key: Callable[[], str] = lambda: "k3y", trace_id: str = ""
) -> Outcome:
    """Return the outcome of one call to wherever the settings point."""

    async def run() -> Outcome:
        async with Connections() as connections:
            api: Api = OpenMediaApi(connections, "support", settings, api_key=api_key, clock=lambda: NOW)
            return await api.send(CREATE, trace_id=trace_id)

    return asyncio.run(run())


def headers_of(request: bytes) -> dict[str, str]:
    """Return the headers of a raw request, by lower-case names."""
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_an_answer_becomes_an_outcome(ask: Ask) -> None:
    """A created interaction comes back with its id and the correlation id."""
    assert once(ask, CREATED) == Ok(Evidence(200, "OK", "r-1"), Snapshot("00A"))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("400 Bad Request", Rejected),
        ("401 Unauthorized", Unauthorized),
        ("404 Not Found", NotFound),
        ("409 Conflict", Conflict),
        ("429 Too Many Requests", Overloaded),
        ("500 Internal Server Error", Failed),
        ("302 Found", Failed),
    ],
)
def test_refusals_become_outcomes(ask: Ask, status: str, expected: type[Outcome]) -> None:
    """Each refusal arrives as its own kind, with its status."""
    outcome = once(ask, answer(status))
    assert type(outcome) is expected
    assert outcome.evidence.status == int(status[:3])


def test_retry_after_is_measured_by_the_clock(ask: Ask) -> None:
    """A date in `Retry-After` is counted from the injected clock's now."""
    reply = answer("503 Service Unavailable", b"", "Retry-After: Mon, 23 Nov 2026 12:02:00 GMT")
    assert once(ask, reply).retry_after_s == 120


def test_the_headers_are_the_contracts(ask: Ask) -> None:
    """Key, content type, accept and trace are sent, and nothing of the library's own."""
    _, (request,) = ask(CREATED, operations=[CREATE])
    headers = headers_of(request)
    assert headers.pop("host").startswith("127.0.0.1:")
    assert headers == {
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-length": "60",
        "content-type": "application/json",
        "user-agent": "openmedia-bridge",
        "x-api-key": "k3y-secret",
        "x-b3-traceid": "ab" * 16,
    }
    assert request.startswith(b"POST /nexus/v3/openmedia/support/interactions HTTP/1.1\r\n")
    assert request.endswith(b'\r\n\r\n{"data":{"externalId":"mail-1","userData":{"Subject":"Hi"}}}')


def test_the_path_is_sent_as_it_was_built(ask: Ask) -> None:
    """No layer below decodes what was encoded: `%3B` as `;` would end the segment for many servers."""
    odd = ByExternalId("!$&'()*+,;=:@/?#%\u00e9~._-")
    _, (request,) = ask(CREATED, operations=[StopInteraction(odd)])
    segment = b"ext_%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40%2F%3F%23%25%C3%A9~._-"
    assert request.split(b" ")[1] == b"/nexus/v3/openmedia/support/interactions/" + segment + b"/stop"


def test_a_redirect_is_not_followed(ask: Ask) -> None:
    """The key goes nowhere but to the configured host."""
    outcomes, requests = ask(answer("307 Temporary", b"", "Location: https://[::1"), operations=[CREATE])
    assert type(outcomes[0]) is Failed
    assert len(requests) == 1


def test_a_request_without_a_body_claims_no_content(ask: Ask) -> None:
    """A stop with no reason is an empty POST, a look an empty GET; neither names a content type."""
    _, requests = ask(CREATED, operations=[StopInteraction(REFERENCE), GetInteraction(REFERENCE)])
    stop, look = requests
    assert stop.endswith(b"\r\n\r\n")
    assert headers_of(stop)["content-length"] == "0"
    assert "content-type" not in headers_of(stop)
    assert look.startswith(b"GET /nexus/v3/openmedia/support/interactions/ext_mail-1 HTTP/1.1\r\n")
    assert "content-type" not in headers_of(look)


@pytest.mark.parametrize("trace_id", ["", "a\r\nx-evil: 1", "ü"])
def test_a_trace_that_is_none_is_not_sent(serve: Serve, settings_for: SettingsFor, trace_id: str) -> None:
    """An empty trace id is left out, and one that could forge a header as well."""

    async def run() -> bytes:
        async with serve(CREATED) as remote, Connections() as connections:
            settings = settings_for(remote.url)
            api = OpenMediaApi(connections, "support", settings, api_key=lambda: "k3y", clock=lambda: NOW)
            assert type(await api.send(CREATE, trace_id=trace_id)) is Ok
            return remote.requests[0]

    headers = headers_of(asyncio.run(run()))
    assert not {"x-b3-traceid", "x-evil"} & set(headers)


def test_the_key_can_change_between_calls(serve: Serve, settings_for: SettingsFor) -> None:
    """The key is asked for at each call, so it rotates without a restart."""
    keys = iter(["old", "new"])

    async def run() -> list[bytes]:
        async with serve(CREATED) as remote, Connections() as connections:
            settings = settings_for(remote.url)
            api = OpenMediaApi(
                connections, "support", settings, api_key=lambda: next(keys), clock=lambda: NOW
            )
            await api.send(CREATE, trace_id="")
            await api.send(CREATE, trace_id="")
            return remote.requests

    assert [headers_of(request)["x-api-key"] for request in asyncio.run(run())] == ["old", "new"]


def test_a_missing_key_is_unauthorized(settings_for: SettingsFor) -> None:
    """Whoever cannot find the key waits like whoever was refused with it: nothing is buried for it."""

    def lost() -> str:
        raise SecretMissing("env:KEY leads nowhere")

    outcome = alone(settings_for("http://127.0.0.1:1"), lost)
    assert outcome == Unauthorized(Evidence(detail="env:KEY leads nowhere"))


@pytest.mark.parametrize("key", ["", "two\nlines", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_unauthorized(settings_for: SettingsFor, key: str) -> None:
    """A malformed key is the operator's to mend, and is not shown."""
    outcome = alone(settings_for("http://127.0.0.1:1"), lambda: key)
    assert type(outcome) is Unauthorized
    assert "header" in outcome.evidence.detail
    assert not key or key not in outcome.evidence.detail


def test_the_key_is_masked_in_evidence(ask: Ask) -> None:
    """A remote that quotes the key does not bring it into our logs."""
    outcome = once(ask, answer("401 Unauthorized", b'{"message":"unknown key k3y-secret"}'))
    assert outcome == Unauthorized(Evidence(401, "unknown key ***"))


def test_what_cannot_be_written_is_rejected_unsent(ask: Ask) -> None:
    """A value that JSON has no form for will have none tomorrow."""
    outcomes, requests = ask(CREATED, operations=[CreateInteraction("a", {"n": 2**64})])
    assert type(outcomes[0]) is Rejected
    assert outcomes[0].evidence.status is None
    assert requests == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("reset", "the connection broke (ConnectionResetError"),
        ("close", "the server closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n<close>", "the answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n<close>", "the answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000 + b"\r\n\r\n<close>", "the answer is not HTTP"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}<close>",
            "the answer was cut short",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}<close>",
            "the answer was cut short",
        ),
        (answer("200 OK", b"{}", "Content-Encoding: gzip"), "the answer cannot be unpacked"),
    ],
)
def test_a_call_that_breaks_after_sending_is_unknown(ask: Ask, reply: bytes | str, words: str) -> None:
    """A POST that was sent and not answered properly reached the server once, and may have taken effect."""
    outcomes, requests = ask(reply, operations=[CREATE])
    assert type(outcomes[0]) is Unknown
    assert outcomes[0].evidence.detail.startswith(words)
    assert len(requests) == 1


@pytest.mark.parametrize("operation", [CREATE, UpdateInteraction(REFERENCE), GetInteraction(REFERENCE)])
@pytest.mark.parametrize("reply", ["hang", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"])
def test_a_hung_call_ends_at_its_deadline(ask: Ask, operation: Operation, reply: bytes | str) -> None:
    """Neither silence nor half an answer holds a call longer than the service allows; then nobody knows."""
    outcome = once(ask, reply, operation, call=0.2)
    assert outcome == Unknown(Evidence(detail="the call did not end within 0.2 s"))


@pytest.mark.parametrize(("status", "expected"), [("200 OK", Unknown), ("404 Not Found", NotFound)])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_endless_body_is_not_read(ask: Ask, status: str, expected: type[Outcome], encoding: str) -> None:
    """More than 1 MiB, packed or not, is garbage; the status still counts."""
    body = b" " * 3 * MIB
    packed = gzip.compress(body) if encoding == "gzip" else body
    outcome = once(ask, answer(status, packed, f"Content-Encoding: {encoding}") + b"<close>")
    assert type(outcome) is expected
    assert "too long" in outcome.evidence.detail


def test_a_body_of_one_mebibyte_is_read(ask: Ask) -> None:
    """The limit itself is within the limit."""
    assert type(once(ask, answer("200 OK", b"{}".ljust(MIB)))) is Ok


def test_a_refused_connection_reached_nobody(settings_for: SettingsFor) -> None:
    """Where nobody listens, nothing was sent."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        outcome = alone(settings_for(f"http://127.0.0.1:{port}"))
    assert type(outcome) is Failed
    assert not outcome.reached
    assert outcome.evidence.detail.startswith("no connection could be made")


def test_a_name_that_leads_nowhere_reached_nobody(settings_for: SettingsFor) -> None:
    """A host that cannot be resolved, in time or at all, was never sent anything."""
    outcome = alone(settings_for("http://nowhere.invalid", connect=2.0))
    assert type(outcome) is Failed
    assert not outcome.reached


def test_tls_that_is_never_answered_reached_nobody(serve: Serve, settings_for: SettingsFor) -> None:
    """Connecting gives up before the deadline of the call, whichever is set longer: nothing was sent."""

    async def run() -> Outcome:
        async with serve("hang") as remote, Connections() as connections:
            settings = settings_for(remote.url.replace("http:", "https:"), connect=5.0, call=0.2)
            api = OpenMediaApi(connections, "support", settings, api_key=lambda: "k3y", clock=lambda: NOW)
            return await api.send(CREATE, trace_id="")

    outcome = asyncio.run(run())
    assert type(outcome) is Failed
    assert not outcome.reached
    assert outcome.evidence.detail.startswith("no connection was made in time")


def test_a_server_without_tls_reached_nobody(settings_for: SettingsFor) -> None:
    """A handshake that fails comes before the request."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("400 Bad Request"))
        await writer.drain()
        writer.close()

    async def run() -> Outcome:
        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, Connections() as connections:
            settings = settings_for(f"https://127.0.0.1:{port}")
            api = OpenMediaApi(connections, "support", settings, api_key=lambda: "k3y", clock=lambda: NOW)
            return await api.send(CREATE, trace_id="")

    outcome = asyncio.run(run())
    assert type(outcome) is Failed
    assert not outcome.reached
    assert "TLS" in outcome.evidence.detail


def test_a_cancelled_call_is_cancelled(serve: Serve, settings_for: SettingsFor) -> None:
    """A drain that is told to stop is not answered with an outcome."""

    async def run() -> None:
        async with serve("hang") as remote, Connections() as connections:
            settings = settings_for(remote.url)
            api = OpenMediaApi(connections, "support", settings, api_key=lambda: "k3y", clock=lambda: NOW)
            call = asyncio.create_task(api.send(CREATE, trace_id=""))
            await remote.arrived.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

    asyncio.run(run())


@pytest.mark.parametrize("base_url", ["http://[::1", "http://host:port", "http://me:pw@host", "http://"])
def test_a_base_url_that_cannot_work_is_refused_at_once(base_url: str) -> None:
    """A wrong base URL is the operator's to mend, before the first call; so are credentials in it."""
    settings = ServiceSettings.model_construct(base_url=base_url)
    with pytest.raises(SettingsError, match=r"services\.support\.base_url"):
        OpenMediaApi(None, "support", settings, api_key=lambda: "k3y", clock=lambda: NOW)
