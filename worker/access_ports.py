"""Ports of access: what the console needs of the store beyond what everybody does; see `worker.ports`."""

from datetime import datetime, timedelta
from typing import Protocol

from worker.deeds import Deed
from worker.visits import Visit


class Deeds(Protocol):
    """What people did."""

    async def record_deed(self, deed: Deed, *, retention: timedelta) -> None:
        """Remember a deed; one of the same id takes its place, what is older than `retention` makes room."""

    async def deeds(self, *, limit: int, before: datetime | None = None) -> tuple[Deed, ...]:
        """Return the last deeds, newest first, of those before a time if one is given."""


class Visits(Protocol):
    """Who is logged in, who tries to, and what a log-in elsewhere has to come back with."""

    async def open_visit(self, name: str, visit: Visit, *, idle: timedelta) -> None:
        """Remember a visit under a name until it ends, or nobody asks for it for so long."""

    async def visit(self, name: str, *, idle: timedelta | None) -> Visit | None:
        """Return a visit, None when there is none any more; its idle time begins anew where one is given."""

    async def close_visit(self, name: str) -> None:
        """Forget a visit."""

    async def end_visits(self, person: str, *, at: datetime, remember: timedelta) -> None:
        """Remember for so long that every visit of a person that began until then is over."""

    async def visits_ended(self, person: str) -> datetime | None:
        """Return until when a person's visits are over, None where nobody ended them."""

    async def count_attempt(self, what: str, *, window: timedelta) -> int:
        """Count one more attempt and return how many there were since the first one of this window.

        Counted twice when a connection breaks, which errs on the careful side.
        """

    async def forget_attempts(self, what: str) -> None:
        """Let the count begin anew."""

    async def leave_ticket(self, name: str, ticket: str, *, lifetime: timedelta) -> None:
        """Keep a text for whoever comes back with a name."""

    async def take_ticket(self, name: str) -> str | None:
        """Return the text that was left, once; None when there is none."""
