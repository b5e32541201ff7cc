"""The client: makes one call of one service's API and says what came of it. Port: `worker.ports.Api`."""

import asyncio
from collections.abc import Callable

import aiohttp
from yarl import URL

from worker.api import answers, failures
from worker.api.connections import Connections, connect_within
from worker.api.requests import Request, build, collection_url
from worker.errors import SecretMissing, SettingsError
from worker.operations import Operation
from worker.outcomes import Evidence, Outcome, Rejected, Unauthorized, Unknown
from worker.ports import Clock
from worker.settings import ServiceSettings

_LONGEST_BODY = 1024 * 1024
# Connecting must give up before the whole call does: only then is it certain that nothing was sent.
_SHARE_OF_CONNECTING = 0.9

_HEADERS = {
    "accept": "application/json",
    # Answers are small, and one that is not packed cannot unpack to gigabytes.
    "accept-encoding": "identity",
    "user-agent": "openmedia-bridge",
}


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
        self._connections = connections
        self._collection = collection_url(_checked(settings.base_url, service), service)
        self._api_key = api_key
        self._clock = clock
        self._call_timeout_s = settings.call_timeout_s
        connect_s = min(settings.connect_timeout_s, _SHARE_OF_CONNECTING * settings.call_timeout_s)
        self._connect_timeout = connect_within(connect_s)

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
        try:
            async with asyncio.timeout(self._call_timeout_s):
                return await self._exchange(request, key, trace_id)
        except TimeoutError:
            return Unknown(Evidence(detail=f"the call did not end within {self._call_timeout_s:g} s"))

    async def _exchange(self, request: Request, key: str, trace_id: str) -> Outcome:
        try:
            # aiohttp repeats a GET once when a kept connection turns out to be closed; never a POST.
            answer = await self._connections.session.request(
                request.method,
                # The path's bytes are sent as they were built: yarl would decode `%3B` to `;`, where many
                # servers cut the segment short, and `%2E%2E` to a step upwards.
                URL(request.url, encoded=True),
                headers=_headers(request, key, trace_id),
                data=request.body,
                # A redirect would carry the key away.
                allow_redirects=False,
                timeout=self._connect_timeout,
            )
        except failures.CAUGHT as error:
            return failures.of_call(error)
        try:
            body = await _body(answer)
        except failures.CAUGHT as error:
            return failures.of_answer(error, status=answer.status)
        return answers.read(answer.status, answer.headers, body, now=self._clock(), secret=key)


def _headers(request: Request, key: str, trace_id: str) -> dict[str, str]:
    headers = {**_HEADERS, "x-api-key": key}
    if request.body is not None:
        headers["content-type"] = "application/json"
    if trace_id.isascii() and trace_id.isalnum():
        headers["x-b3-traceid"] = trace_id
    return headers


async def _body(answer: aiohttp.ClientResponse) -> bytes | None:
    """Return the whole body, or None when it is longer than anybody needs."""
    chunks: list[bytes] = []
    length = 0
    try:
        while chunk := await answer.content.readany():
            length += len(chunk)
            if length > _LONGEST_BODY:
                return None
            chunks.append(chunk)
    finally:
        # Closes the connection where the answer was not read to its end.
        answer.release()
    return b"".join(chunks)


def _usable(key: str) -> str:
    if key and key.isascii() and key.isprintable():
        return key
    raise SecretMissing("the API key is empty or holds characters that no header can carry")


def _checked(base_url: str, service: str) -> str:
    try:
        url = URL(base_url)
        usable = bool(url.host and url.port)
    except ValueError as error:
        raise SettingsError(f"services.{service}.base_url is not a URL: {error}") from error
    if not usable or url.user is not None or url.password is not None:
        raise SettingsError(f"services.{service}.base_url must name a host and hold no credentials")
    return base_url
