"""Webhooks: `/channels/{channel}` as a bare ASGI application, because it is the hot path.

Whatever can be refused is refused before a byte of the body is read; after that `reception` decides.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from starlette.types import Receive, Scope, Send

from connectors.base import Connector, Delivery
from connectors.hosts.answers import HttpAnswer, http_answer, problem
from connectors.hosts.body import WHOLE, Gone, TooLarge, TooSlow, read_body
from connectors.hosts.bucket import Bucket
from connectors.hosts.entrance import send_answer
from connectors.hosts.origin import Believer
from connectors.hosts.rejections import (
    BUSY,
    ENCODED,
    PAUSED,
    RATE_LIMITED,
    TOO_LARGE,
    TOO_SLOW,
    UNKNOWN_CHANNEL,
    WRONG_METHOD,
    Rejected,
    Rejections,
)
from connectors.hosts.room import NoRoom, Room
from connectors.reception import Errands, receive
from connectors.trace import sent_trace
from worker.mail_ports import Take
from worker.ports import Clock, Door, Ids
from worker.settings import ChannelSettings, HttpSettings

_log: Any = structlog.get_logger()

#: What every delivery's path begins with.
PREFIX: Final = "/channels/"
#: What is said when the fault is ours.
UNAVAILABLE: Final = problem(503, "The bridge cannot accept this now; send it again later.")


@dataclass(frozen=True, slots=True)
class Served:
    """One channel, and what it takes."""

    connector: Connector
    #: The largest body, in bytes.
    limit: int
    #: How often it may be called; None without limit.
    bucket: Bucket | None

    @classmethod
    def of(
        cls,
        connector: Connector,
        channel: ChannelSettings | None,
        http: HttpSettings,
        now: Callable[[], float],
    ) -> "Served":
        """Return a channel as its settings want it served."""
        wanted = channel.max_body_bytes if channel else None
        limit = wanted or connector.manners.max_body_bytes or http.max_body_bytes
        if channel is None or not channel.rate_per_s:
            return cls(connector, limit, None)
        burst = max(channel.burst or channel.rate_per_s, 1.0)
        return cls(connector, limit, Bucket(channel.rate_per_s, burst, now))


class Webhooks:
    """The endpoint of all channels."""

    def __init__(
        self,
        channels: Mapping[str, Served],
        *,
        door: Door,
        clock: Clock,
        ids: Ids,
        settings: HttpSettings,
        rejections: Rejections,
        errands: Errands,
        is_paused: Callable[[str], bool],
    ) -> None:
        self._channels = channels
        self._door = door
        self._clock = clock
        self._ids = ids
        self._deadline_s = settings.body_timeout_s
        self._believer = Believer(settings)
        self._room = Room(deliveries=settings.max_in_flight, body_bytes=settings.max_in_flight_bytes)
        self._rejections = rejections
        self._errands = errands
        self._is_paused = is_paused

    async def __call__(self, scope: Scope, read: Receive, send: Send) -> None:
        """Take one request."""
        name = scope["path"].removeprefix(PREFIX)
        served = self._channels.get(name)
        try:
            answer = await self._answer(served, scope, read)
        except Gone:
            return
        except Rejected as rejected:
            answer = rejected.answer()
            channel = served.connector.channel if served else ""
            service = served.connector.service if served else ""
            await self._rejections.note(rejected.kind, service=service, channel=channel, sought=name)
        except Exception:  # noqa: BLE001 - a sender never sees our faults: it comes again
            _log.exception("delivery_failed", channel=served.connector.channel if served else "")
            answer = UNAVAILABLE
        await send_answer(answer, send)

    async def _answer(self, served: Served | None, scope: Scope, read: Receive) -> HttpAnswer:
        """Return the answer. Raises Rejected or Gone."""
        if served is None:
            raise Rejected(UNKNOWN_CHANNEL)
        self._admit(served, scope)
        try:
            with self._room.enter() as place:
                body = await read_body(
                    read,
                    announced=_announced(scope),
                    limit=served.limit,
                    deadline_s=self._deadline_s,
                    is_here=WHOLE in scope,
                    take=place.take,
                )
                return await self._receive(served.connector, scope, body, place.take)
        except NoRoom:
            raise Rejected(BUSY) from None
        except TooLarge:
            raise Rejected(TOO_LARGE) from None
        except TooSlow:
            raise Rejected(TOO_SLOW) from None

    def _admit(self, served: Served, scope: Scope) -> None:
        methods = served.connector.manners.methods
        if scope["method"] not in methods:
            raise Rejected(WRONG_METHOD, ("Allow", ", ".join(sorted(methods))))
        if _header(scope, b"content-encoding").lower() not in (b"", b"identity"):
            raise Rejected(ENCODED)
        if self._is_paused(served.connector.channel):
            raise Rejected(PAUSED)
        wait_s = served.bucket.take() if served.bucket else 0.0
        if wait_s:
            raise Rejected(RATE_LIMITED, ("Retry-After", str(math.ceil(wait_s))))

    async def _receive(self, connector: Connector, scope: Scope, body: bytes, take: Take) -> HttpAnswer:
        origin = self._believer.origin(scope)
        delivery = Delivery(
            channel=connector.channel,
            headers=origin.headers,
            body=body,
            arrived_at=self._clock(),
            peer=origin.peer,
            via=origin.via,
            trace_id=sent_trace(origin.headers) or self._ids(),
            method=scope["method"],
            url=origin.url,
        )
        manners = connector.manners
        answer = await receive(
            connector,
            delivery,
            self._door,
            keep_conflicts=manners.keeps_conflicts,
            errands=self._errands,
            take=take,
            quiet=self._rejections.quiet,
        )
        return http_answer(answer, manners)


def _announced(scope: Scope) -> int | None:
    length = _header(scope, b"content-length")
    return int(length) if length.isdigit() else None


def _header(scope: Scope, wanted: bytes) -> bytes:
    """Return a header's value as the server gives it, names in lower case; empty without one."""
    for name, value in scope["headers"]:
        if name == wanted:
            found: bytes = value
            return found
    return b""
