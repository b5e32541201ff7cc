"""Dead letters, worked on by a person: which there are, why, and what becomes of them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter

from worker.commands import Command
from worker.lanes import Entry, partition_of
from worker.letters import DeadCommand, Unreadable
from worker.ports import Clock, Doorbell, Ids, Letters

Letter = DeadCommand | Unreadable

#: The cause of every delivery that could not be understood.
UNREADABLE: Final = "unreadable"
_COMMANDS: Final[TypeAdapter[Command]] = TypeAdapter(Command)
_GENERATION: Final = re.compile(r"^(?P<key>.*)#replay-(?P<number>\d+)$", re.DOTALL)
_LONGEST_KEY: Final = 480


@dataclass(frozen=True, slots=True)
class Filter:
    """Which dead letters are meant; what is not said does not matter."""

    ids: frozenset[str] = frozenset()
    cause: str = ""
    channel: str = ""
    external_id: str = ""
    since: datetime | None = None

    def fits(self, letter: Letter) -> bool:
        """Say whether a letter is meant."""
        return all(
            (
                not self.ids or letter.id in self.ids,
                not self.cause or cause_of(letter) == self.cause,
                not self.channel or channel_of(letter) == self.channel,
                not self.external_id or self.external_id == external_id_of(letter),
                self.since is None or buried_at(letter) >= self.since,
            )
        )


def cause_of(letter: Letter) -> str:
    """Return the group a letter belongs to."""
    return letter.cause if isinstance(letter, DeadCommand) else UNREADABLE


def channel_of(letter: Letter) -> str:
    """Return the channel a letter came by."""
    return letter.command.channel if isinstance(letter, DeadCommand) else letter.channel


def external_id_of(letter: Letter) -> str:
    """Return the conversation a letter belongs to, empty when nobody could tell."""
    return letter.command.external_id if isinstance(letter, DeadCommand) else ""


def buried_at(letter: Letter) -> datetime:
    """Return when a letter was buried."""
    return letter.buried_at if isinstance(letter, DeadCommand) else letter.arrived_at


def grouped(letters: Iterable[Letter]) -> Counter[tuple[str, str]]:
    """Count letters by (cause, channel)."""
    return Counter((cause_of(letter), channel_of(letter)) for letter in letters)


def next_key(key: str) -> str:
    """Return the next generation of an idempotency key, which dedup has never seen."""
    found = _GENERATION.match(key)
    stem, number = (found["key"], int(found["number"])) if found else (key, 1)
    return f"{stem[:_LONGEST_KEY]}#replay-{number + 1}"


def edited(command: Command, changes: Mapping[str, object]) -> Command:
    """Return the command with some fields changed. Raises pydantic's ValidationError."""
    return _COMMANDS.validate_python({**command.model_dump(), **changes})


class DeadLetters:
    """What a person can do with the dead letters of a service."""

    def __init__(
        self,
        letters: Letters,
        doorbell: Doorbell,
        *,
        partitions: Mapping[str, int],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._letters = letters
        self._doorbell = doorbell
        self._partitions = partitions
        self._clock = clock
        self._ids = ids

    async def find(self, service: str, wanted: Filter, *, limit: int) -> tuple[Letter, ...]:
        """Return the letters that fit, newest first, among the newest `limit`."""
        return tuple(
            letter for letter in await self._letters.dead(service, limit=limit) if wanted.fits(letter)
        )

    async def replay(self, letter: DeadCommand, changes: Mapping[str, object] | None = None) -> int:
        """Bring a dead command back into its lane; return its sequence there, or 0 when the letter is gone.

        It comes back under the next generation of its key, received as it was; a create goes back to the head
        of the lane that it parked. Replaying the same letter again finds nothing, so it changes nothing.
        """
        command = edited(
            letter.command,
            {**(changes or {}), "idempotency_key": next_key(letter.command.idempotency_key)},
        )
        sequence = await self._letters.replay(letter, command, receipt_id=self._ids(), now=self._clock())
        if sequence:
            count = self._partitions.get(command.service, 1)
            await self._doorbell.ring(partition_of(command.service, command.external_id, count))
        return sequence

    async def discard(self, letter: Letter, *, reason: str) -> bool:
        """Give a letter up; false when it is gone already."""
        sequence = letter.sequence if isinstance(letter, DeadCommand) else 0
        detail = {"letter": letter.id, "reason": reason}
        entry = Entry(at=self._clock(), event="discarded", sequence=sequence, detail=detail)
        if not await self._letters.discard(letter, entry):
            return False
        if isinstance(letter, DeadCommand):
            command = letter.command
            count = self._partitions.get(command.service, 1)
            await self._doorbell.ring(partition_of(command.service, command.external_id, count))
        return True
