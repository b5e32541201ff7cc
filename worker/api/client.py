"""The client: makes one call of one service's API and says what came of it. Port: `worker.ports.Api`."""

from collections.abc import Callable
from typing import Final

from worker.api import answers
from worker.api.connections import Connections, NotSent
from worker.api.evidence import sentence
from worker.api.origin import Origin
from worker.api.requests import Request, build, collection_path
from worker.api.unpacking import unpacked
from worker.api.wire import Broken, Late
from worker.errors import SecretMissing, SettingsError
from worker.operations import Operation
from worker.outcomes import Evidence, Failed, Outcome, Rejected, Unauthorized, Unknown
from worker.ports import Clock
from worker.settings import ServiceSettings

# Connecting must give up before the whole call does: only then is it certain that nothing was sent.
_SHARE_OF_CONNECTING: Final = 0.9

#: Answers are small, and one that is not packed cannot unpack to gigabytes.
_HEAD: Final = (
    "Host: {authority}\r\n"
    "Accept: application/json\r\n"
    "Accept-Encoding: identity\r\n"
    "User-Agent: openmedia-bridge\r\n"
)


class OpenMediaApi:
    """The Open Media API of one service, over the connections that all services share.

    The API key is asked for at every call, so it can be changed without a restart.
    """

    def __init__(
        self,
        connections: Connections,
        service: str,
        settings: ServiceSettings,
        *,
        api_key: Callable[[], str],
        clock: Clock,
    ) -> None:
        origin = _origin(settings.base_url, service)
        self._server = connections.to(origin)
        self._collection = collection_path(origin.path, service)
        self._head = _HEAD.format(authority=origin.authority)
        self._api_key = api_key
        self._clock = clock
        self._call_timeout_s = settings.call_timeout_s
        self._connect_s = min(settings.connect_timeout_s, _SHARE_OF_CONNECTING * settings.call_timeout_s)

    async def send(self, operation: Operation, *, trace_id: str) -> Outcome:
        """Make one call. Never raises for what the remote or the network does.

        A call that no key can be found for is `Unauthorized`, and one that cannot be written as a request is
        `Rejected`; neither is sent, so their evidence has no status.
        """
        try:
            key = _usable(self._api_key())
            request = build(operation, self._collection)
        except SecretMissing as error:
            return Unauthorized(Evidence(detail=str(error)))
        except ValueError as error:
            return Rejected(Evidence(detail=str(error)))
        return await self._exchange(request, key, trace_id)

    async def _exchange(self, request: Request, key: str, trace_id: str) -> Outcome:
        try:
            answer = await self._server.ask(
                self._written(request, key, trace_id),
                within_s=self._call_timeout_s,
                connect_s=self._connect_s,
                repeatable=request.method == "GET",
            )
        except NotSent as error:
            return Failed(Evidence(detail=sentence(str(error))), reached=False)
        except Late:
            return Unknown(Evidence(detail=f"the call did not end within {self._call_timeout_s:g} s"))
        except Broken as error:
            return Unknown(Evidence(error.status, sentence(str(error))))
        try:
            body = unpacked(answer)
        except ValueError as error:
            return Unknown(Evidence(answer.status, sentence(str(error))))
        return answers.read(answer.status, answer.headers, body, now=self._clock(), secret=key)

    def _written(self, request: Request, key: str, trace_id: str) -> bytes:
        """Return the request's bytes; all that varies in its head was checked before, or is checked here."""
        trace = f"x-b3-traceid: {trace_id}\r\n" if trace_id.isascii() and trace_id.isalnum() else ""
        body, kind = request.body, ""
        if body is not None:
            kind = "Content-Type: application/json\r\n"
        length = f"Content-Length: {len(body or b'')}\r\n" if request.method == "POST" else ""
        head = f"{request.method} {request.target} HTTP/1.1\r\n{self._head}x-api-key: {key}\r\n"
        return f"{head}{trace}{kind}{length}\r\n".encode("ascii") + (body or b"")


def _usable(key: str) -> str:
    if key and key.isascii() and key.isprintable():
        return key
    raise SecretMissing("the API key is empty or holds characters that no header can carry")


def _origin(base_url: str, service: str) -> Origin:
    try:
        return Origin.of(base_url)
    except ValueError as error:
        raise SettingsError(f"services.{service}.base_url {error}") from error
