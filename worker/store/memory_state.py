"""The state behind the in-memory store: what the keys of the Redis store hold, as values."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from worker.commands import Command
from worker.interactions import Interaction
from worker.lanes import Entry, Partition, Queued, Seen, partition_of
from worker.letters import DeadCommand, Unreadable
from worker.notices import Notice
from worker.pace import Counted, Pace
from worker.store import wire
from worker.store.gate import OPEN, Gate
from worker.store.limits import HISTORY_CAP, Limits
from worker.store.pace import counted


@dataclass(slots=True)
class Lane:
    """One conversation: its commands, its row and what is known of its holder."""

    interaction: Interaction
    commands: list[Queued] = field(default_factory=list)
    history: list[Entry] = field(default_factory=list)
    sequence: int = 0
    fence: int = 0
    attempt: int = 0
    held: bool = False
    suspect: bool = False
    #: Whether the last claim took it from a holder.
    stolen: bool = False
    #: The letter that parked the lane, empty when it may move.
    parked: str = ""
    #: What the conversation was told, kept while it lives.
    keys: dict[str, Seen] = field(default_factory=dict)
    #: The last activity of an open interaction, None when it is not open.
    activity: datetime | None = None
    #: What the last check saw of it.
    remote: str = ""

    def write(self, entry: Entry) -> None:
        """Add a line to the history."""
        self.history = [*self.history, entry][-HISTORY_CAP:]

    def free(self, *, suspect: bool = False, attempt: int = 0) -> None:
        """Forget the holder."""
        self.held, self.suspect, self.attempt = False, suspect, attempt


@dataclass(slots=True)
class Share:
    """One partition."""

    lanes: dict[str, Lane] = field(default_factory=dict)
    due: dict[str, datetime] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    tokens: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    quiet_until: datetime | None = None
    gate: Gate = OPEN
    pace: Pace = field(default_factory=Pace)
    #: What was counted of each channel.
    paces: dict[str, Pace] = field(default_factory=dict)
    #: Where trails lead, by clue: conversation → when it last did.
    trails: defaultdict[str, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))
    #: Open interaction → its last check.
    checked: dict[str, datetime] = field(default_factory=dict)
    #: What each check took, by token.
    checks: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    #: Why the sweeps of the service are paused, empty when they are not.
    unswept: str = ""
    #: Notices that were not passed on, by their place, and how many there ever were.
    outbox: dict[int, Notice] = field(default_factory=dict)
    noticed: int = 0

    def put_out(self, notices: Iterable[Notice]) -> None:
        """Write notices into the outbox."""
        for notice in notices:
            self.noticed += 1
            self.outbox[self.noticed] = notice

    def count(self, what: Counted, count: int, now: datetime, channel: str) -> None:
        """Count so many more."""
        self.pace = counted(self.pace, what, count, wire.millis(now))
        self.paces[channel] = counted(self.paces.get(channel, Pace()), what, count, wire.millis(now))

    def lead(self, clue: str, name: str, cap: int, now: datetime) -> None:
        """Let a clue lead to a conversation, and to the last ones only."""
        trail = {each: at for each, at in self.trails[clue].items() if each != name} | {name: now}
        self.trails[clue] = dict(sorted(trail.items(), key=lambda each: (each[1], each[0]))[-cap:])


#: When it was buried, what, and its lane's history at that time.
Buried = tuple[datetime, DeadCommand | Unreadable, tuple[Entry, ...]]


class MemoryState:
    """Everything a store in memory holds; its parts share it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.shares: defaultdict[Partition, Share] = defaultdict(Share)
        self.letters: dict[str, dict[str, Buried]] = defaultdict(dict)
        #: What a replay or a discard answered, for its repetition.
        self.answers: dict[str, int] = {}
        self.tallies: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))

    def home(self, service: str, external_id: str) -> Share:
        """Return the share in which a conversation lives."""
        return self.shares[partition_of(service, external_id, self.limits.service(service).partitions)]

    def lane(self, service: str, external_id: str) -> Lane:
        """Return a conversation's lane, made now if there is none."""
        fresh = Lane(Interaction(service=service, external_id=external_id))
        return self.home(service, external_id).lanes.setdefault(external_id, fresh)

    def of(self, service: str) -> list[Share]:
        """Return all shares of a service."""
        partitions = self.limits.service(service).partitions
        return [self.shares[Partition(service, index)] for index in range(partitions)]


def received(command: Command, sequence: int, now: datetime, *, letter_id: str = "") -> Entry:
    """Return the history line of an arriving command."""
    event, detail = wire.arrival(command, letter_id=letter_id)
    return Entry(at=now, event=event, sequence=sequence, trace_id=command.trace_id, detail=detail)
