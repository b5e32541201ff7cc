"""The audit: does the store agree with itself? No verb leaves a contradiction behind, so none is expected.

What it finds it mends and reports, loudly: each is a fault of the bridge, or of a hand in Redis.
"""

from collections import defaultdict
from typing import Protocol

from worker.lanes import Partition
from worker.ports import Clock, Listener
from worker.upkeep import Audit, Flaw
from worker.upkeep_events import Audited, AuditRepaired
from worker.upkeep_ports import Audits, Watch


class Book(Audits, Protocol):
    """What the audit needs of the store."""

    async def tally(self, service: str, counter: str, count: int = 1) -> None:
        """See `worker.ports.Letters.tally`."""


async def audit(
    book: Book,
    *,
    keys: int,
    clock: Clock,
    listen: Listener,
    anew: bool = False,
    watch: Watch | None = None,
) -> Audit:
    """Look at the next part of the store, about so many keys, and mend it. Raises StoreUnavailable.

    `anew` begins at the beginning, and not where the last look ended. `watch` hears how far it is.
    The count of each flaw stands in its service's tallies, as `audit:FLAW`.
    """
    began = clock()
    report = await book.audit(limit=keys, now=began, anew=anew, watch=watch)
    groups = defaultdict[tuple[Partition, Flaw], list[str]](list)
    for each in report.mended:
        groups[each.partition, each.flaw].append(each.name)
    for (partition, flaw), names in groups.items():
        listen(AuditRepaired(partition.service, partition.index, flaw.value, len(names), names[0]))
        await book.tally(partition.service, f"audit:{flaw.value}", len(names))
    listen(Audited("", began, report.looked, len(report.mended), report.whole))
    return report
