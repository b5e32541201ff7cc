"""The client: makes one call of one service's API and says what came of it. Port: `worker.ports.Api`."""

import asyncio
from collections.abc import Callable

import httpx

from worker.api import answers, failures
from worker.api.requests import Request, build, collection_url
from worker.errors import SecretMissing, SettingsError
from worker.operations import Operation
from worker.outcomes import Evidence, Outcome, Rejected, Unauthorized, Unknown
from worker.ports import Clock
from worker.settings import ServiceSettings

_LONGEST_BODY = 1024 * 1024
# Connecting must give up before the whole call does: only then is it certain that nothing was sent.
_SHARE_OF_CONNECTING = 0.9

_HEADERS = [
    ("accept", "application/json"),
    # Answers are small, and one that is not packed cannot unpack to gigabytes.
    ("accept-encoding", "identity"),
    ("user-agent", "openmedia-bridge"),
]


class OpenMediaApi:
    """The Open Media API of one service, over the client that all services share.

    The API key is asked for at every call, so it can be changed without a restart.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        service: str,
        settings: ServiceSettings,
        *,
        api_key: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._client = client
        self._collection = collection_url(_checked(settings.base_url, service), service)
        self._api_key = api_key
        self._clock = clock
        self._call_timeout_s = settings.call_timeout_s
        connect_s = min(settings.connect_timeout_s, _SHARE_OF_CONNECTING * settings.call_timeout_s)
        self._extensions = {"timeout": {"connect": connect_s}}

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
                return await self._exchange(self._written(request, key, trace_id), key)
        except TimeoutError:
            return Unknown(Evidence(detail=f"the call did not end within {self._call_timeout_s:g} s"))

    def _written(self, request: Request, key: str, trace_id: str) -> httpx.Request:
        headers = [*_HEADERS, ("x-api-key", key)]
        if request.body is not None:
            headers.append(("content-type", "application/json"))
        if trace_id.isascii() and trace_id.isalnum():
            headers.append(("x-b3-traceid", trace_id))
        return httpx.Request(
            request.method,
            request.url,
            headers=headers,
            content=request.body,
            extensions=self._extensions.copy(),
        )

    async def _exchange(self, request: httpx.Request, key: str) -> Outcome:
        try:
            response = await self._client.send(request, stream=True)
        except failures.CAUGHT as error:
            return failures.of_call(error)
        try:
            body = await _body(response)
        except failures.CAUGHT as error:
            return failures.of_answer(error, status=response.status_code)
        return answers.read(response.status_code, response.headers, body, now=self._clock(), secret=key)


async def _body(response: httpx.Response) -> bytes | None:
    """Return the whole body, or None when it is longer than anybody needs."""
    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _LONGEST_BODY:
                return None
    finally:
        await response.aclose()
    return bytes(body)


def _usable(key: str) -> str:
    if key and key.isascii() and key.isprintable():
        return key
    raise SecretMissing("the API key is empty or holds characters that no header can carry")


def _checked(base_url: str, service: str) -> str:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise SettingsError(f"services.{service}.base_url is not a URL: {error}") from error
    if url.userinfo or not url.host:
        raise SettingsError(f"services.{service}.base_url must name a host and hold no credentials")
    return base_url
