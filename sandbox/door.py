"""The thin rim of the seven endpoints: reads a call, lets `world` judge it, does the harm a fault asks for.

It speaks ASGI directly. These endpoints are hammered by load tests, and their external ids may contain an
encoded slash, which a router working on decoded paths cannot tell from a separator. Everything else goes on
to the next application.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import connection
from sandbox.answer import Answer, refusal
from sandbox.call import BASE, Call, read_call
from sandbox.document import Document, read_document
from sandbox.fault import Fault
from sandbox.outage import Outage
from sandbox.patience import Patience
from sandbox.refusal import RefusedError
from sandbox.world import World

#: More is not read. Far above any user data limit, so that this is never mistaken for one.
BODY_LIMIT = 1_048_576


class Door:
    """An ASGI application: the seven endpoints in front of another application."""

    def __init__(self, app: ASGIApp, world: World, patience: Patience, outage: Outage) -> None:
        self._app = app
        self._world = world
        self._patience = patience
        self._outage = outage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call to one of the seven endpoints, or pass the request on."""
        if scope["type"] != "http" or not scope["raw_path"].startswith(BASE):
            await self._app(scope, receive, send)
            return
        self._outage.check()
        try:
            call = read_call(scope["method"], scope["raw_path"])
        except RefusedError as error:
            await _send(send, refusal(error, self._world.behaviour, "0"))
            return
        await self._answer(call, scope, receive, send)

    async def _answer(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._world.faults.strike(call)
        raw = await _read(receive) if fault.reads and call.operation != "get" else b""
        if raw is None:
            return
        latency_s = self._world.faults.latency_s(fault)
        if latency_s and not fault.after_commit:
            await self._patience.pause(latency_s)
        answer = self._world.perform(call, _key(scope), _document(raw), fault)
        if latency_s and fault.after_commit:
            await self._patience.pause(latency_s)
        await self._deliver(answer, fault, scope, receive, send)

    async def _deliver(
        self, answer: Answer | None, fault: Fault, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if fault.kind == "refuse":
            self._outage.begin(fault.refuse_ms / 1000)
        if fault.kind == "hang":
            await self._patience.outlast(connection.until_gone(receive))
        if fault.kind == "truncate" and answer:
            await _send(send, answer, cut=True)
            connection.close(scope)
        elif answer and fault.kind not in {"hang", "reset_after_commit"}:
            await _send(send, answer)
            return
        else:
            connection.abort(scope)
        await connection.until_gone(receive)


def _key(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            return str(value, "latin-1")
    return None


def _document(raw: bytes) -> Document:
    if len(raw) > BODY_LIMIT:
        return Document(value=None, flaw="the body is too large")
    return read_document(raw)


async def _read(receive: Receive) -> bytes | None:
    """The body, or the part of it that shows it is too long; None if the client left before its end."""
    parts: list[bytes] = []
    size = 0
    while size <= BODY_LIMIT:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body", False):
            break
    return b"".join(parts)


async def _send(send: Send, answer: Answer, *, cut: bool = False) -> None:
    headers = [(b"content-length", b"%d" % len(answer.body))]
    if answer.body:
        headers.append((b"content-type", answer.content_type.encode()))
    headers += [(name.encode(), value.encode("latin-1")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = answer.body[: len(answer.body) // 2] if cut else answer.body
    await send({"type": "http.response.body", "body": body, "more_body": cut})
