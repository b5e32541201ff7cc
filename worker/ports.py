"""Ports: what the use cases need of the world, each small enough for a screen.

Everything that takes a time takes it as an argument or from a `Clock`, so that a test owns the clock.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

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
)
from worker.letters import DeadCommand, LetterHead, Unreadable
from worker.notes import Note
from worker.operations import Operation
from worker.outcomes import Outcome
from worker.pace import Pace

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
        """Put the command at the end of its lane. Raises LaneFull, KeyConflict or StoreUnavailable.

        Returns only after the store accepted. A repeated `receipt_id` is the same submission tried again.
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

    async def discard(self, head: LetterHead, entry: Entry, *, token: str) -> bool:
        """Give a dead letter up; a lane that it parked goes on. False when it is gone already.

        The same `token` again returns the same answer and changes nothing.
        """

    async def tally(self, service: str, counter: str, count: int = 1) -> None:
        """Add to a counter."""

    async def tallies(self, service: str) -> dict[str, int]:
        """Return all counters of a service."""


class Pauses(Protocol):
    """Channels that a person shut: nothing comes in by them."""

    async def pause_channel(self, channel: str, *, reason: str) -> None:
        """Let nothing in by a channel until it is resumed."""

    async def resume_channel(self, channel: str) -> None:
        """Lift a channel's pause."""

    async def paused_channels(self) -> Mapping[str, str]:
        """Return every paused channel with the reason."""


class Threads(Protocol):
    """What a channel knows of its messages beyond their conversations' lanes."""

    async def bind(
        self,
        service: str,
        channel: str,
        names: Sequence[str],
        *,
        mark: str,
        default: str,
        window: timedelta,
        now: datetime,
    ) -> str:
        """Say which conversation a message belongs to, and remember its names for a window.

        The first name is the message's own; the others are those of what it answers, nearest first, and no name
        stands twice. The first one that is known decides, else the conversation is `default`. All are bound to
        it, but for those that are bound already. A name of its own that another message bears, one with
        another `mark` (hex digits), is left to that message. The same message again gets the same answer.
        """

    async def recur(
        self, service: str, channel: str, name: str, member: str, *, window: timedelta, now: datetime
    ) -> int:
        """Return how many members came under a name within a window, up to and with this one.

        A member that comes again is counted where it stood the first time.
        """

    async def note(self, note: Note) -> None:
        """Remember a delivery that was let go; the same id again changes nothing, the oldest make room."""

    async def notes(self, service: str, channel: str, *, limit: int) -> tuple[Note, ...]:
        """Return what a channel let go, newest first."""


class Store(Lanes, Ledger, Letters, Pauses, Threads, Protocol):
    """Everything the bridge remembers."""

    async def ping(self) -> None:
        """Return when the store answers; raises StoreUnavailable."""

    async def aclose(self) -> None:
        """Give the connections back."""


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
            KeyConflict: all but the conflicting ones were kept, and coming again changes nothing.
        """

    async def keep(self, letter: Unreadable) -> None:
        """Keep what could not be understood. Raises StoreUnavailable."""

    async def bind(
        self, service: str, channel: str, names: Sequence[str], *, mark: str, default: str, window: timedelta
    ) -> str:
        """Say which conversation a message belongs to, see `Threads.bind`. Raises StoreUnavailable."""

    async def recur(self, service: str, channel: str, name: str, member: str, *, window: timedelta) -> int:
        """Say how often a name came lately, see `Threads.recur`. Raises StoreUnavailable."""

    async def note(self, note: Note) -> None:
        """Remember a delivery that was let go. Raises StoreUnavailable."""

    async def tally(self, service: str, counter: str) -> None:
        """Add one to a counter, soon; an empty service counts what belongs to none. Never raises."""
