"""Dead letters, worked on by a person: which there are, why, and what becomes of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter

from worker.commands import Command
from worker.events import LetterDiscarded, LetterReplayed
from worker.lanes import Entry, partition_of
from worker.letters import DeadCommand, LetterHead, Unreadable
from worker.ports import Clock, Doorbell, Ids, Letters, Listener

Letter = DeadCommand | Unreadable

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

    def fits(self, head: LetterHead) -> bool:
        """Say whether a letter is meant."""
        return all(
            (
                not self.ids or head.id in self.ids,
                not self.cause or head.cause == self.cause,
                not self.channel or head.channel == self.channel,
                not self.external_id or head.external_id == self.external_id,
                self.since is None or head.buried_at >= self.since,
            )
        )


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
        listen: Listener,
    ) -> None:
        self._letters = letters
        self._doorbell = doorbell
        self._partitions = partitions
        self._clock = clock
        self._ids = ids
        self._listen = listen

    async def find(self, service: str, wanted: Filter, *, limit: int) -> tuple[LetterHead, ...]:
        """Return the letters that fit, newest first, among the newest `limit`, without what they carry."""
        return tuple(head for head in await self._letters.dead(service, limit=limit) if wanted.fits(head))

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
            self._listen(
                LetterReplayed(
                    service=command.service,
                    channel=command.channel,
                    external_id=command.external_id,
                    sequence=sequence,
                    cause=letter.cause,
                    letter_id=letter.id,
                    trace_id=command.trace_id,
                )
            )
            await self._ring(letter.head)
        return sequence

    async def discard(self, head: LetterHead, *, reason: str) -> bool:
        """Give a letter up; false when it is gone already.

        The reason stays in its conversation's history, and in the log: a delivery has no conversation.
        """
        entry = Entry.of_discarded(head, at=self._clock(), reason=reason)
        if not await self._letters.discard(head, entry, token=self._ids()):
            return False
        self._listen(LetterDiscarded.of(head, reason))
        if head.external_id:
            await self._ring(head)
        return True

    async def _ring(self, head: LetterHead) -> None:
        count = self._partitions.get(head.service, 1)
        await self._doorbell.ring(partition_of(head.service, head.external_id, count))
