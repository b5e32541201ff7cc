"""The client: posts one event to a subscription and says what came of it. Port: `worker.ports.Api`."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC
from http import HTTPStatus
from typing import Final

import aiohttp
import orjson
from yarl import URL

from worker.api.waits import seconds
from worker.errors import SettingsError
from worker.hooks import failures
from worker.hooks.connections import Connections, connect_within
from worker.hooks.signature import sign
from worker.operations import Operation, PostEvent
from worker.outcomes import Evidence, Failed, Ok, Outcome, Overloaded, Rejected, Unauthorized, Unknown
from worker.ports import Clock
from worker.settings import SubscriptionSettings

#: More than this of an answer is not even read away: its connection is closed instead.
_LONGEST_ANSWER: Final = 64 * 1024
# Connecting must give up before the whole call does: only then is it certain that nothing was sent.
_SHARE_OF_CONNECTING: Final = 0.9
_OVERLOADED: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class HookApi:
    """Where one subscription wants its events, over connections that lead only where it may.

    The secrets are asked for at every call, so they can be changed without a restart.
    """

    def __init__(
        self,
        connections: Connections,
        name: str,
        settings: SubscriptionSettings,
        *,
        secrets: Callable[[], Sequence[str]],
        clock: Clock,
    ) -> None:
        """Raise SettingsError when the address is none."""
        self._connections = connections
        self._url = _checked(settings.url, name)
        self._secrets = secrets
        self._clock = clock
        self._call_timeout_s = settings.call_timeout_s
        connect_s = min(settings.connect_timeout_s, _SHARE_OF_CONNECTING * settings.call_timeout_s)
        self._connect_timeout = connect_within(connect_s)

    async def send(self, operation: Operation, *, trace_id: str) -> Outcome:
        """Post one event. Never raises for what the receiver or the network does.

        An event that cannot be signed is `Unauthorized` and not sent, so its evidence has no status.
        """
        if not isinstance(operation, PostEvent):
            return Rejected(Evidence(detail="a subscription is told events and nothing else"))
        body = _body(operation)
        now = int(self._clock().timestamp())
        try:
            signatures = sign(operation.id, now, body, self._secrets())
        except SettingsError as error:
            return Unauthorized(Evidence(detail=str(error)))
        headers = {
            "content-type": "application/json",
            "accept-encoding": "identity",
            "user-agent": "openmedia-bridge",
            "webhook-id": operation.id,
            "webhook-timestamp": str(now),
            "webhook-signature": signatures,
        }
        if trace_id.isascii() and trace_id.isalnum():
            headers["x-b3-traceid"] = trace_id
        try:
            async with asyncio.timeout(self._call_timeout_s):
                return await self._post(headers, body)
        except TimeoutError:
            return Unknown(Evidence(detail=f"the call did not end within {self._call_timeout_s:g} s"))

    async def _post(self, headers: dict[str, str], body: bytes) -> Outcome:
        try:
            answer = await self._connections.session.post(
                self._url,
                headers=headers,
                data=body,
                # It could lead to where the address itself must not.
                allow_redirects=False,
                timeout=self._connect_timeout,
            )
        except failures.CAUGHT as error:
            return failures.of_call(error)
        await _read_away(answer)
        return self._outcome(answer)

    def _outcome(self, answer: aiohttp.ClientResponse) -> Outcome:
        evidence = Evidence(answer.status, _phrase(answer.status))
        if HTTPStatus(200) <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return Ok(evidence)
        if answer.status in _OVERLOADED:
            return Overloaded(evidence, seconds(answer.headers.get("retry-after"), now=self._clock()))
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Failed(evidence)
        return Rejected(evidence)


def _checked(written: str, name: str) -> URL:
    try:
        url = URL(written, encoded=True)
        usable = bool(url.host and url.port) and url.user is None and url.password is None
    except ValueError as error:
        raise SettingsError(f"subscriptions.{name}.url is not a URL: {error}") from error
    if not usable:
        raise SettingsError(f"subscriptions.{name}.url must name a host and hold no credentials")
    return url


def _body(event: PostEvent) -> bytes:
    at = event.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return orjson.dumps({"type": event.type, "timestamp": f"{at}Z", "data": dict(event.data)})


async def _read_away(answer: aiohttp.ClientResponse) -> None:
    """Read what nobody needs, so that the connection can be used again; close it where that is too much."""
    length = 0
    try:
        while length <= _LONGEST_ANSWER and (chunk := await answer.content.readany()):
            length += len(chunk)
    except failures.CAUGHT:
        # The status was read, and it is all that counts.
        answer.close()
    finally:
        answer.release()


def _phrase(status: int) -> str:
    """Return the status in words of HTTP's; the receiver's own are nobody's business."""
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return "a redirect, which is not followed"
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
