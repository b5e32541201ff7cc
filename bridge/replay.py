"""`bridge dead replay`: dead letters, brought back into their lanes."""

from bridge.letters import print_plan
from bridge.moments import Clock
from bridge.operator import operator
from bridge.round import fields, print_happened, report, watched
from bridge.screen import Screen
from bridge.session import session
from console.actions import Actions
from console.choice import Chosen, require_choice
from console.round import Fate, Round
from worker.deadletters import Filter


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
        actions = Actions(bridge)
        chosen = await actions.plan(service, wanted)
        if not print_plan(chosen, screen.out, clock, service=service, verb="replay"):
            screen.tell(fields(Round(0)))
            return True
        if dry_run:
            await _foresee(actions, chosen, screen)
            return True
        async with watched(screen, doing="replaying", total=len(chosen.letters), rate=rate) as (go, on):
            done = await actions.replay(operator(), service, chosen.letters, proceed=go, advance=on)
    report(done, screen.out, past="replayed")
    screen.tell(fields(done))
    if done.broken:
        raise done.broken
    return done.complete


async def _foresee(actions: Actions, chosen: Chosen, screen: Screen) -> None:
    """Say what would come of it; deliveries are translated for that, and nothing is submitted."""
    foreseen = await actions.foresee(chosen.letters)
    for fate, title in ((Fate.DONE, "these can be read now:"), (Fate.KEPT, "these would stay:")):
        fitting = [each for each in foreseen if each.fate is fate]
        if fitting:
            screen.out.print(title)
            print_happened(fitting, screen.out)
    screen.out.print(f"a dry run: {len(chosen.letters)} were looked at, nothing was changed")
    stay = {each.letter.id: each.text for each in foreseen if each.fate is Fate.KEPT}
    screen.tell({"dry_run": True, "letters": [head.id for head in chosen.letters], "would_stay": stay})
