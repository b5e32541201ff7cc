"""`bridge dead discard`: dead letters, given up for good, with a reason that stays in the history."""

from bridge.letters import print_plan
from bridge.moments import Clock
from bridge.operator import operator
from bridge.round import fields, report, watched
from bridge.screen import Screen
from bridge.session import session
from console.actions import DISCARD_RATE, Actions
from console.choice import require_choice
from console.reason import require_reason
from console.round import Round
from worker.deadletters import Filter


async def discard(
    service: str,
    wanted: Filter,
    screen: Screen,
    clock: Clock,
    *,
    reason: str,
    everything: bool = False,
    dry_run: bool = False,
) -> bool:
    """Give up what fits; return whether all of it is gone. For entry points only. Raises BridgeError."""
    require_choice(wanted, everything=everything, verb="discard")
    reason = require_reason(reason, what="these are given up")
    async with session(service) as bridge:
        actions = Actions(bridge)
        chosen = await actions.plan(service, wanted)
        if not print_plan(chosen, screen.out, clock, service=service, verb="discard"):
            screen.tell(fields(Round(0)))
            return True
        if dry_run:
            screen.out.print(f"a dry run: {len(chosen.letters)} would be gone, nothing was changed")
            screen.tell({"dry_run": True, "letters": [head.id for head in chosen.letters]})
            return True
        total = len(chosen.letters)
        async with watched(screen, doing="discarding", total=total, rate=DISCARD_RATE) as (go, on):
            done = await actions.discard(
                operator(), service, chosen.letters, reason=reason, proceed=go, advance=on
            )
    report(done, screen.out, past="discarded")
    screen.tell(fields(done))
    if done.broken:
        raise done.broken
    return done.complete
