"""Dead letters, worked on one after the other: what `actions` does with those it was given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.choice import find_one
from console.mending import NotAnEdit, changed, mended
from console.round import Advance, Fate, Happened, Proceed, Round, go
from worker.budget import MARKS_BYTES
from worker.commands import Command
from worker.letters import UNREADABLE, DeadCommand, LetterHead, Unreadable
from worker.wiring import Bridge

if TYPE_CHECKING:
    from console.reading import Reader


@dataclass(frozen=True, slots=True)
class Edit:
    """A dead command as it was and as it will be."""

    #: The letter's whole id.
    letter_id: str
    before: Command
    after: Command
    #: The command as which it came back; 0 while it is only foreseen.
    sequence: int = 0


class LetterWork:
    """Does it, for one bridge."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    async def replay(self, letters: Sequence[LetterHead], *, proceed: Proceed, advance: Advance) -> Round:
        """Bring letters back into their lanes; unreadable deliveries are read again."""
        reader = self._reader()

        async def act(head: LetterHead) -> Happened:
            found = await self._bridge.store.letter(head.service, head.id)
            if found is None:
                return Happened(head, Fate.GONE)
            letter, _ = found
            if isinstance(letter, Unreadable):
                return await reader.bring_back(letter)
            sequence = await self._bridge.dead_letters.replay(letter)
            if not sequence:
                return Happened(head, Fate.GONE)
            return Happened(head, Fate.DONE, f"command {sequence} of {head.external_id}")

        return await go(letters, act, proceed=proceed, advance=advance)

    async def discard(
        self, letters: Sequence[LetterHead], *, reason: str, proceed: Proceed, advance: Advance
    ) -> Round:
        """Give letters up for good."""
        dead_letters = self._bridge.dead_letters

        async def act(head: LetterHead) -> Happened:
            discarded = await dead_letters.discard(head, reason=reason)
            return Happened(head, Fate.DONE if discarded else Fate.GONE)

        return await go(letters, act, proceed=proceed, advance=advance)

    async def foresee(self, letters: Sequence[LetterHead]) -> list[Happened]:
        """Say what would come of unreadable deliveries; they are translated, and nothing is submitted."""
        reader, foreseen = self._reader(), []
        for head in letters:
            found = (
                await self._bridge.store.letter(head.service, head.id) if head.cause == UNREADABLE else None
            )
            if found and isinstance(found[0], Unreadable):
                foreseen.append(await reader.foresee(found[0]))
        return foreseen

    async def foresee_edit(
        self, service: str, letter_id: str, sets: Sequence[str], unsets: Sequence[str]
    ) -> Edit:
        """Return what an edit would make of a letter. Raises NoSuchLetter, Ambiguous or NotAnEdit."""
        letter = await self._command(service, letter_id)
        changes = changed(letter.command, sets, unsets)
        after = mended(letter.command, changes, limit=self._limit(service))
        return Edit(letter.id, letter.command, after)

    async def edit(self, service: str, letter_id: str, sets: Sequence[str], unsets: Sequence[str]) -> Edit:
        """Mend a dead command and bring it back. Raises NoSuchLetter, Ambiguous or NotAnEdit."""
        letter = await self._command(service, letter_id)
        changes = changed(letter.command, sets, unsets)
        after = mended(letter.command, changes, limit=self._limit(service))
        fields = {name: getattr(after, name) for name in changes}
        sequence = await self._bridge.dead_letters.replay(letter, fields)
        if not sequence:
            raise NotAnEdit(
                f"{letter_id} is no dead letter any more: somebody replayed or discarded it meanwhile"
            )
        return Edit(letter.id, letter.command, after, sequence)

    def _reader(self) -> "Reader":
        # brings every connector along, which the other acts do without
        from console.reading import Reader  # noqa: PLC0415 - as said above

        return Reader(self._bridge)

    async def _command(self, service: str, letter_id: str) -> DeadCommand:
        letter, _ = await find_one(self._bridge, service, letter_id)
        if not isinstance(letter, DeadCommand):
            raise NotAnEdit(
                f"{letter_id} is an unreadable delivery, kept as it came: mend the options of channel "
                f"{letter.channel!r} and replay it"
            )
        return letter

    def _limit(self, service: str) -> int:
        return self._bridge.settings.services[service].user_data_bytes - MARKS_BYTES
