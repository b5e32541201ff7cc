"""Rejections: requests that the HTTP host turns away before any connector sees them. One table.

Each is counted and logged, but a flood of them fills no log: of each kind one line a second is written.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from connectors.hosts.answers import HttpAnswer, problem
from connectors.quiet import Quiet
from worker.events import RequestRejected
from worker.ports import Door

_log: Any = structlog.get_logger()

#: The service under which is counted what belongs to none.
NO_SERVICE: Final = ""
#: What stands before the counters of requests that belong to no channel.
NO_CHANNEL: Final = "http"

_NAME_CHARACTERS: Final = 64


@dataclass(frozen=True, slots=True)
class Kind:
    """A reason to turn a request away, the same wherever it occurs."""

    #: In log lines and counters.
    name: str
    status: int
    #: What the sender is told.
    told: str


MALFORMED: Final = Kind("malformed", 400, "This is not a request that HTTP allows.")
AMBIGUOUS: Final = Kind("ambiguous", 400, "It is not clear where the body ends.")
UNKNOWN_CHANNEL: Final = Kind("unknown_channel", 404, "There is no such channel here.")
WRONG_METHOD: Final = Kind("wrong_method", 405, "This channel does not take deliveries by this method.")
TOO_SLOW: Final = Kind("too_slow", 408, "The delivery did not arrive in time.")
TOO_LARGE: Final = Kind("too_large", 413, "The delivery is over the channel's size limit.")
ENCODED: Final = Kind(
    "encoded", 415, "A delivery may not have a Content-Encoding: send its bytes as they were signed."
)
RATE_LIMITED: Final = Kind(
    "rate_limited", 429, "The channel takes no more deliveries now; send it again later."
)
TOO_MANY_HEADERS: Final = Kind(
    "too_many_headers", 431, "The request's path and headers are too large, or too many."
)
BUSY: Final = Kind("busy", 503, "The bridge has too much to do at the moment; send it again later.")
PAUSED: Final = Kind("paused", 503, "The channel is paused; send it again later.")


class Rejected(Exception):
    """A request is turned away."""

    def __init__(self, kind: Kind, *headers: tuple[str, str]) -> None:
        self.kind = kind
        self.headers = headers
        super().__init__(kind.told)

    def answer(self) -> HttpAnswer:
        """Return what the sender is told."""
        usual = problem(self.kind.status, self.kind.told)
        names = {name for name, _ in self.headers}
        kept = tuple(header for header in usual.headers if header[0] not in names)
        return replace(usual, headers=(*self.headers, *kept))


class Rejections:
    """Counts and logs what is turned away."""

    def __init__(self, door: Door, now: Callable[[], float]) -> None:
        self._door = door
        #: Shared with what else strangers can make us say.
        self.quiet = Quiet(now)
        self._noting: set[asyncio.Task[None]] = set()

    def note_soon(self, kind: Kind) -> None:
        """Note one from where nothing can be awaited."""
        task = asyncio.create_task(self.note(kind))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def note(
        self, kind: Kind, *, service: str = NO_SERVICE, channel: str = "", sought: str = ""
    ) -> None:
        """Note one. `sought` is what a stranger asked for, where there is no such channel."""
        self._door.tell(RequestRejected(service, channel, kind.name))
        await self._door.tally(service, f"{channel or NO_CHANNEL}:{kind.name}")
        times = self.quiet.times(f"{channel}:{kind.name}")
        if times:
            shown = channel or ascii(sought[:_NAME_CHARACTERS])[1:-1]
            _log.warning("request_rejected", reason=kind.name, status=kind.status, channel=shown, times=times)
