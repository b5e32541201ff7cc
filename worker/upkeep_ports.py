"""Ports of upkeep: what the chores need of the store beyond what everybody does; see `worker.ports`."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from worker.interactions import Interaction
from worker.lanes import Entry, Partition
from worker.notices import Notice
from worker.upkeep import Audit, Check, Stretch, Unchecked

#: Hears how far a look through the store has come.
Watch = Callable[[Stretch], None]


class Slots(Protocol):
    """Schedules, and the stretches of time into which they fall."""

    async def take_slot(self, schedule: str, *, every: timedelta, token: str, now: datetime) -> bool:
        """Take the present slot of a schedule; false when it was taken. The same token is told the same.

        A clock that is behind the one which took the last slot gets none, unless that stays so for two
        intervals: then the clock was set back.
        """


class Checks(Protocol):
    """Looks at whether what the ledger holds open is still there."""

    async def enlist(self, partition: Partition, *, limit: int) -> int:
        """Put some more of the open interactions on the list of what is checked; return how many are open."""

    async def check(
        self, partition: Partition, *, before: datetime, lease: timedelta, token: str, now: datetime
    ) -> Check | Unchecked:
        """Begin the check of the interaction that was checked longest ago, at the latest `before`.

        It goes through the gate, counts as a lane in flight until its lease ends, and is the only one of its
        partition. Live work comes first. The same `token` again returns the same check.
        """

    async def close(
        self,
        check: Check,
        ended: Interaction,
        entry: Entry,
        *,
        notices: Sequence[Notice] = (),
        now: datetime,
    ) -> bool:
        """Write that it has ended elsewhere, for subscribers too; false when anything happened since."""

    async def observe(self, check: Check, seen: str, entry: Entry | None, *, now: datetime) -> bool:
        """Remember what was seen of it; a line goes to its history, and true says that it was written."""

    async def miss(self, check: Check, *, as_if_at: datetime, failed: bool, now: datetime) -> bool:
        """Give a check back that came to no answer; true when its failure shut the service's gate.

        From now on it stands as if it had been checked at another time.
        """


class Proofs(Protocol):
    """Whether an API has shown that it knows what the ledger holds open: else a 404 says nothing."""

    async def prove(self, service: str, place: str, *, now: datetime) -> None:
        """Note that the API at a place, as the settings name it, knows one of ours; a doubt ends."""

    async def proved(self, service: str, place: str) -> datetime | None:
        """Return when that was noted of this place; None where it never was, or of another one since."""

    async def venture(self, service: str, name: str, *, cap: int, within: timedelta, now: datetime) -> bool:
        """Book that an interaction is closed without a proof; false where `cap` others were within the time.

        The same name again is answered alike. A proof makes all of it forgotten.
        """

    async def doubt(self, service: str, *, now: datetime) -> bool:
        """Note that no more is closed; true when that begins."""

    async def doubted(self, service: str) -> datetime | None:
        """Return since when no more is closed, None where that is not so."""


class Audits(Protocol):
    """Looks at whether the store agrees with itself."""

    async def audit(
        self,
        *,
        limit: int,
        now: datetime,
        anew: bool = False,
        dry: bool = False,
        watch: Watch | None = None,
    ) -> Audit:
        """Look at some more of the store, about `limit` keys, and mend what contradicts.

        Args:
            limit: Where to end.
            now: The present.
            anew: Whether to begin at the beginning, and not where the last look ended.
            dry: Whether only to name what would be mended. It begins anew, and the next look goes on as if
                this one had not been.
            watch: Hears now and then how far this look has come.
        """
