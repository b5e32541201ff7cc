"""`bridge dead replay`: dead letters, brought back into their lanes."""

from bridge.letters import Chosen, choose, print_plan, require_choice
from bridge.moments import Clock
from bridge.reading import Reader
from bridge.round import Fate, Happened, Round, go_watched, print_happened
from bridge.screen import Screen
from bridge.session import session
from worker.deadletters import Filter
from worker.letters import UNREADABLE, LetterHead, Unreadable
from worker.wiring import Bridge


async def replay(
    service: str,
    wanted: Filter,
    screen: Screen,
    clock: Clock,
    *,
    rate: float,
    everything: bool = False,
    dry_run: bool = False,
) -> bool:
    """Bring back what fits; return whether none of it stayed a dead letter. For entry points only.

    Raises BridgeError. Doing it again finds only what stayed.
    """
    require_choice(wanted, everything=everything, verb="replay")
    async with session(service) as bridge:
        chosen = await choose(bridge, service, wanted)
        if not print_plan(chosen, screen.out, clock, service=service, verb="replay"):
            screen.tell(Round(0).fields())
            return True
        if dry_run:
            await _foresee(bridge, chosen, screen)
            return True
        reader = Reader(bridge)

        async def act(head: LetterHead) -> Happened:
            return await _bring_back(bridge, reader, head)

        done = await go_watched(chosen.letters, act, screen, doing="replaying", rate=rate)
    done.report(screen.out, past="replayed")
    screen.tell(done.fields())
    if done.broken:
        raise done.broken
    return done.complete


async def _bring_back(bridge: Bridge, reader: Reader, head: LetterHead) -> Happened:
    found = await bridge.store.letter(head.service, head.id)
    if found is None:
        return Happened(head, Fate.GONE)
    letter, _ = found
    if isinstance(letter, Unreadable):
        return await reader.bring_back(letter)
    sequence = await bridge.dead_letters.replay(letter)
    if not sequence:
        return Happened(head, Fate.GONE)
    return Happened(head, Fate.DONE, f"command {sequence} of {head.external_id}")


async def _foresee(bridge: Bridge, chosen: Chosen, screen: Screen) -> None:
    """Say what would come of it; deliveries are translated for that, and nothing is submitted."""
    reader = Reader(bridge)
    foreseen = []
    for head in chosen.letters:
        found = await bridge.store.letter(head.service, head.id) if head.cause == UNREADABLE else None
        if found and isinstance(found[0], Unreadable):
            foreseen.append(await reader.foresee(found[0]))
    for fate, title in ((Fate.DONE, "these can be read now:"), (Fate.KEPT, "these would stay:")):
        fitting = [each for each in foreseen if each.fate is fate]
        if fitting:
            screen.out.print(title)
            print_happened(fitting, screen.out)
    screen.out.print(f"a dry run: {len(chosen.letters)} were looked at, nothing was changed")
    stay = {each.letter.id: each.text for each in foreseen if each.fate is Fate.KEPT}
    screen.tell({"dry_run": True, "letters": [head.id for head in chosen.letters], "would_stay": stay})
