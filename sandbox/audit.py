"""What was asked and what was answered, in order: the record a client under test is measured against."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final

from sandbox.call import Call
from sandbox.document import Document
from sandbox.moment import to_fine_text

#: How many entries are kept, and so asked for at the most.
MOST_ENTRIES: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One call to one of the seven endpoints."""

    #: Counts up by one per call, without gaps; also the number in the answer's trace id.
    seq: int = 0
    at: datetime
    call: Call
    #: What was sent, as JSON or, if it is none, as text.
    document: Document
    #: The interaction concerned, as far as it is known.
    interaction_id: str | None = None
    #: The status sent, or that would have been sent; None if there was none.
    status: int | None = None
    #: Whether the state changed.
    effect: bool = False
    #: Whether a complete answer was sent.
    answered: bool = True
    #: The kind of fault that struck.
    fault: str | None = None

    @property
    def external_id(self) -> str | None:
        """The external id in the path or in the body."""
        return self.call.external_id or self.document.external_id

    def shown(self) -> dict[str, object]:
        """The entry as `/sandbox/audit` shows it."""
        return {
            "seq": self.seq,
            "at": to_fine_text(self.at),
            "service": self.call.service,
            "operation": self.call.operation,
            "externalId": self.external_id,
            "interactionId": self.interaction_id,
            "status": self.status,
            "request": self.document.value,
            "effect": self.effect,
            "answered": self.answered,
            "fault": self.fault,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries are asked for; None leaves a question open."""

    service: str | None = None
    external_id: str | None = None
    since: datetime | None = None
    #: Only entries with a greater `seq`.
    after: int = 0
    limit: int | None = None

    def fits(self, entry: Entry) -> bool:
        """Whether an entry is asked for."""
        return (
            entry.seq > self.after
            and self.service in {None, entry.call.service}
            and self.external_id in {None, entry.external_id}
            and (self.since is None or entry.at >= self.since)
        )


class Audit:
    """The entries, oldest first; bounded, so that a long load test does not eat the machine."""

    def __init__(self, limit: int = MOST_ENTRIES) -> None:
        self._entries: deque[Entry] = deque(maxlen=limit)
        #: The `seq` of the latest entry, 0 before the first.
        self.last_seq = 0

    def add(self, entry: Entry) -> Entry:
        """Append an entry; the next number is put on it here."""
        self.last_seq += 1
        numbered = replace(entry, seq=self.last_seq)
        self._entries.append(numbered)
        return numbered

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def select(self, wanted: Filter) -> list[Entry]:
        """The entries a filter asks for, oldest first."""
        # numbers have no gaps, so what was read already need not be looked at again
        known = max(0, wanted.after - (self.last_seq - len(self._entries)))
        found = (entry for entry in islice(self._entries, known, None) if wanted.fits(entry))
        return list(islice(found, wanted.limit))
