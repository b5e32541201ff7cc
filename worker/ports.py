"""Ports: what the use cases need of the world, each small enough for a screen.

Everything that takes a time takes it as an argument or from a `Clock`, so that a test owns the clock.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from worker.access_ports import Deeds, Visits
from worker.arrivals import Arrival
from worker.blob import BlobHead, BlobName
from worker.commands import Command
from worker.events import Event
from worker.interactions import Interaction
from worker.lanes import (
    Appended,
    Backlog,
    Burial,
    Claim,
    Deferral,
    Entry,
    Held,
    LaneView,
    Partition,
    Receipt,
    Seen,
    Settlement,
    Way,
)
from worker.letters import DeadCommand, LetterHead, Unreadable
from worker.mail_ports import Mailboxes, Threads
from worker.notes import Note
from worker.notice_ports import Outbox
from worker.operations import Operation
from worker.outcomes import Outcome
from worker.pace import Pace
from worker.search_ports import Arrivals, Pulses, Search
from worker.sweeps import Cursor, Idle, Sweep
from worker.upkeep_ports import Audits, Checks, Proofs, Slots

#: Returns the present, aware and in UTC.
Clock = Callable[[], datetime]
#: Returns a number drawn evenly from [0, 1).
Dice = Callable[[], float]
#: Returns a new unique id.
Ids = Callable[[], str]
#: Hears what happens. Must not raise and must not block.
Listener = Callable[[Event], None]


class Lanes(Protocol):
    """The lanes of every service: one method per verb, each atomic and safe to repeat."""

    async def append(self, command: Command, *, receipt_id: str, now: datetime) -> Appended:
        """Put the command at the end of its lane.

        Raises LaneFull, KeyConflict, Overtaken or StoreUnavailable.
        Returns only after the store accepted. A repeated `receipt_id` is the same submission tried again.
        A guarded command is Overtaken unless its lane is empty and its interaction open, with the very
        activity that the guard names; it is no activity itself.
        """

    async def claim(
        self,
        partition: Partition,
        *,
        limit: int,
        lease: timedelta,
        token: str,
        now: datetime,
        leaving: bool = False,
    ) -> tuple[Claim, ...]:
        """Take up to `limit` due lanes. The same `token` again returns the same lanes again.

        A claimer that is `leaving` asks to be rung for the next command; otherwise it looks again soon.
        """

    async def renew(self, claim: Claim, *, lease: timedelta, now: datetime) -> datetime | None:
        """Extend the lease and return its end; None when it has lapsed or the lane is another's."""

    async def confirm(self, claim: Claim) -> Way:
        """Say, right before its call, whether a sweep's command at the head of a lane may be carried out."""

    async def settle(self, claim: Claim, settlement: Settlement, *, lease: timedelta, now: datetime) -> Held:
        """Take what is done out of the lane and write the ledger."""

    async def defer(self, claim: Claim, deferral: Deferral, *, now: datetime) -> Held:
        """Give the lane back with its head, to be looked at when due."""

    async def bury(self, claim: Claim, burial: Burial, *, now: datetime) -> Held:
        """Move the head to the dead letters; a parked lane waits for a person."""

    async def hold(self, service: str, *, until: datetime, reason: str) -> None:
        """Let no lane of the service be claimed before `until`; a longer hold wins."""

    async def pause(self, service: str, *, reason: str) -> None:
        """Let no lane of the service be claimed until it is resumed; a blank reason is put into words."""

    async def resume(self, service: str) -> None:
        """Lift a pause, and a hold as well: whoever resumes wants to see it run."""

    async def hasten(self, service: str, *, external_id: str = "", now: datetime) -> int:
        """Make what backs off due at once, one lane or all; return how many lanes were hastened."""

    async def backlog(self, partition: Partition, *, now: datetime) -> Backlog:
        """Say what waits, and what holds it up."""


class Ledger(Protocol):
    """What is known, for people to read."""

    async def view(self, service: str, external_id: str, *, pending: int | None = None) -> LaneView | None:
        """Return everything known of one conversation, None when it was never heard of.

        Of the commands that wait, the `pending` oldest (at least one); all of them where it is not said.
        """

    async def seen(self, service: str, external_id: str, key: str) -> Seen | None:
        """Return what was said under an idempotency key of a conversation, None when nothing is remembered.

        What is remembered may outlive its window: whoever asks compares `expires_at` with the present.
        """

    async def interactions(self, service: str, *, limit: int) -> tuple[Interaction, ...]:
        """Return the open interactions with the most recent activity first."""

    async def pace(self, service: str) -> Pace:
        """Return how much was accepted, delivered, failed and buried in the last minutes, hours and days."""


class Letters(Protocol):
    """What needs a person."""

    async def keep(self, letter: Unreadable) -> None:
        """Keep a delivery that could not be understood; the same id again changes nothing."""

    async def dead(self, service: str, *, limit: int, offset: int = 0) -> tuple[LetterHead, ...]:
        """Return a page of the dead letters of a service, newest first, without what they carry."""

    async def letter(
        self, service: str, letter_id: str
    ) -> tuple[DeadCommand | Unreadable, tuple[Entry, ...]] | None:
        """Return one dead letter and its lane's history at that time."""

    async def replay(self, letter: DeadCommand, command: Command, *, receipt_id: str, now: datetime) -> int:
        """Bring a dead command back, as `command`; return its sequence, or 0 when the letter is gone.

        The create that parks a lane goes back to its head; anything else to the end of its lane. The same
        `receipt_id` again returns the same answer and changes nothing.
        """

    async def old(
        self, service: str, *, before: datetime, limit: int, offset: int = 0
    ) -> tuple[LetterHead, ...]:
        """Return a page of the dead letters that were buried before a time, oldest first."""

    async def discard(
        self, head: LetterHead, entry: Entry, *, token: str, unless_waited_for: bool = False
    ) -> bool:
        """Give a dead letter up; a lane that it parked goes on. False when it is gone already.

        `unless_waited_for` leaves a letter alone, with False, that parks a lane in which anything waits. The
        same `token` again returns the same answer and changes nothing.
        """

    async def tally(self, service: str, counter: str, count: int = 1) -> None:
        """Add to a counter."""

    async def tallies(self, service: str) -> dict[str, int]:
        """Return all counters of a service."""


class Pauses(Protocol):
    """Channels that a person stopped: nothing comes in by them, or what came in is not delivered."""

    async def pause_channel(self, channel: str, *, reason: str) -> None:
        """Let nothing in by a channel until it is resumed."""

    async def resume_channel(self, channel: str) -> None:
        """Lift a channel's pause."""

    async def paused_channels(self) -> Mapping[str, str]:
        """Return every paused channel with the reason."""

    async def hold_channel(self, channel: str, *, reason: str) -> None:
        """Accept what a channel brings, and deliver none of it until it is let go."""

    async def release_channel(self, channel: str) -> None:
        """Let a held channel go."""

    async def held_channels(self) -> Mapping[str, str]:
        """Return every held channel with the reason."""


class Sweeps(Protocol):
    """What sweeps look at, what holds them back, and what they remember."""

    async def idle(
        self, partition: Partition, *, after: Cursor | None, until: datetime, limit: int
    ) -> tuple[Idle, ...]:
        """Return open interactions without activity after `until`, the longest idle first, from a place on.

        Fewer than `limit` mean that there are no more.
        """

    async def open_count(self, service: str) -> int:
        """Return how many interactions of a service are open."""

    async def last_swept(self, service: str) -> datetime | None:
        """Return when the last sweep of a service's schedule began, None before the first one."""

    async def mark_swept(self, service: str, *, now: datetime) -> None:
        """Note that a sweep of the schedule begins."""

    async def spend(self, service: str, *, sweep: str, count: int, cap: int, now: datetime) -> int:
        """Book so many stops unless more than `cap` would be booked within an hour; return those before it.

        Booked is what fits: the answer and `count` together are at most `cap`. The same sweep books once.
        """

    async def bookmark(self, partition: Partition) -> Cursor | None:
        """Return where the next sweep of a partition goes on, None at the beginning."""

    async def put_bookmark(self, partition: Partition, cursor: Cursor | None) -> None:
        """Say where the next sweep of a partition goes on."""

    async def record_sweep(self, sweep: Sweep) -> None:
        """Remember a sweep; the same id changes nothing, and the oldest make room."""

    async def sweeps(self, service: str, *, limit: int) -> tuple[Sweep, ...]:
        """Return the last sweeps of a service, newest first."""

    async def pause_sweeps(self, service: str, *, reason: str) -> None:
        """Let no sweep of a service act, nor any of its commands that still wait, until it is resumed."""

    async def resume_sweeps(self, service: str) -> None:
        """Lift that pause."""

    async def sweeps_paused(self, service: str) -> str:
        """Return why the sweeps of a service are paused, empty when they are not."""


class Store(
    Lanes,
    Ledger,
    Search,
    Arrivals,
    Pulses,
    Outbox,
    Letters,
    Pauses,
    Sweeps,
    Threads,
    Mailboxes,
    Slots,
    Checks,
    Proofs,
    Audits,
    Deeds,
    Visits,
    Protocol,
):
    """Everything the bridge remembers."""

    async def ping(self) -> None:
        """Return when the store answers; raises StoreUnavailable."""

    async def aclose(self) -> None:
        """Give the connections back."""


class Blobs(Protocol):
    """Whole messages, by the hash of their bytes. Every method may raise BlobsUnavailable."""

    async def put(self, name: BlobName, content: bytes) -> None:
        """Keep the bytes; returns after they are safe. Putting them again only makes them younger."""

    async def get(self, name: BlobName) -> bytes | None:
        """Return the bytes, None when there are none."""

    async def head(self, name: BlobName) -> BlobHead | None:
        """Return what is known of a blob, None when there is none."""

    async def delete(self, name: BlobName) -> None:
        """Throw a blob away; one that is not there is no mistake."""

    async def page(self, *, after: BlobName | None, limit: int) -> tuple[BlobHead, ...]:
        """Return up to `limit` blobs in an order that stays, those that come after one; none at the end."""


class Api(Protocol):
    """The Open Media API of one service."""

    async def send(self, operation: Operation, *, trace_id: str) -> Outcome:
        """Make one call. Never raises for what the remote or the network does."""


class Doorbell(Protocol):
    """Wakes a worker."""

    async def ring(self, partition: Partition, *, hops: int = 0) -> bool:
        """Say that there may be work, and return whether that could be said. Never raises.

        A lost ring costs a second, not a command. `hops` counts how often a busy worker passed the ring on.
        """


class Door(Protocol):
    """What a channel may do with what it received."""

    async def submit(self, commands: Sequence[Command]) -> tuple[Receipt, ...]:
        """Accept the commands, each lane's in order.

        Raises:
            UnknownService, UserDataRefused: nothing was kept.
            LaneFull, StoreUnavailable: the sender must come again with all of them; those already kept are
                duplicates then.
            KeyConflict, Overtaken: all but those in question were kept, and coming again changes nothing.
        """

    async def keep(self, letter: Unreadable) -> None:
        """Keep what could not be understood. Raises StoreUnavailable."""

    async def preserve(self, channel: str, content: bytes) -> None:
        """Keep a whole message before the command that refers to it is submitted. Raises StoreUnavailable."""

    async def bind(
        self, service: str, channel: str, names: Sequence[str], *, mark: str, default: str, window: timedelta
    ) -> str:
        """Say which conversation a message belongs to, see `Threads.bind`. Raises StoreUnavailable."""

    async def recur(
        self, service: str, channel: str, name: str, member: str, *, at: datetime, window: timedelta
    ) -> int:
        """Say how often a name came lately, see `Threads.recur`. Raises StoreUnavailable."""

    async def note(self, note: Note) -> None:
        """Remember a delivery that was let go. Raises StoreUnavailable."""

    async def tally(self, service: str, counter: str) -> None:
        """Add one to a counter, soon; an empty service counts what belongs to none. Never raises."""

    def tell(self, event: Event) -> None:
        """Report what happened to whoever listens. Never raises."""

    def remember(self, arrival: Arrival) -> None:
        """Remember what came and what its sender is told, soon, for people to read. Never raises."""
