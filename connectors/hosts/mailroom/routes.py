"""Routes: from a link to its message; one that is not ours, or is over, leads to a page that says so."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from connectors.hosts.mailroom import pages
from connectors.hosts.mailroom.names import BYTES
from connectors.hosts.mailroom.view import Attached, download, view
from connectors.links import PREFIX, Links
from worker.blob import BlobName
from worker.errors import BlobsUnavailable
from worker.ports import Blobs, Clock

#: Messages taken apart at the same time: each may take a processor for a second or two.
AT_ONCE: Final = 2

_UNKNOWN = pages.notice(404, "No such message", "This link leads nowhere. Was it copied whole?")
_GONE = pages.notice(
    410, "This link has expired", "The message can no longer be shown: its time is over, or it was deleted."
)
_AWAY = pages.notice(
    503, "Not now", "The place where messages are kept does not answer. Try again in a minute."
)
_NO_PART = pages.notice(404, "No such attachment", "The message has no attachment of this number.")


class Mailroom:
    """Shows whole messages to whoever has a link."""

    def __init__(self, blobs: Blobs, links: Links, *, lifetime: timedelta, clock: Clock) -> None:
        self._blobs = blobs
        self._links = links
        self._lifetime = lifetime
        self._clock = clock
        self._seats = asyncio.Semaphore(AT_ONCE)

    def routes(self) -> tuple[BaseRoute, ...]:
        """Return the routes, for the application beside them."""
        path = PREFIX + "{channel}/{token}"
        return (
            Route(path, self._answered(self._page)),
            Route(f"{path}/body", self._answered(self._body)),
            Route(f"{path}/message.eml", self._answered(self._whole)),
            Route(f"{path}/{{number:int}}", self._answered(self._part)),
        )

    def _answered(
        self, show: Callable[[Request, bytes, datetime], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that shows something of the message a link leads to."""

        async def answer(request: Request) -> Response:
            name = self._links.read(request.path_params["channel"], request.path_params["token"])
            if name is None:
                return _UNKNOWN
            try:
                found = await self._found(name)
            except BlobsUnavailable as error:
                structlog.get_logger().warning("mail_not_shown", channel=name.channel, reason=str(error))
                return _AWAY
            return await show(request, *found) if found else _GONE

        return answer

    async def _found(self, name: BlobName) -> tuple[bytes, datetime] | None:
        """Return a message and when its link ends, None when that is over."""
        head = await self._blobs.head(name)
        if head is None or head.stored_at + self._lifetime <= self._clock():
            return None
        content = await self._blobs.get(name)
        return None if content is None else (content, head.stored_at + self._lifetime)

    async def _page(self, request: Request, raw: bytes, until: datetime) -> Response:
        async with self._seats:
            found = await asyncio.to_thread(view, raw)
        return pages.message_page(found, path=request.url.path, until=until)

    async def _body(self, _request: Request, raw: bytes, _until: datetime) -> Response:
        async with self._seats:
            found = await asyncio.to_thread(view, raw)
        return pages.body_page(found.html.html if found.html else "")

    async def _whole(self, _request: Request, raw: bytes, _until: datetime) -> Response:
        return pages.file(Attached(0, "message.eml", BYTES, len(raw), inline=False), raw)

    async def _part(self, request: Request, raw: bytes, _until: datetime) -> Response:
        async with self._seats:
            found = await asyncio.to_thread(download, raw, request.path_params["number"])
        return pages.file(*found) if found else _NO_PART
