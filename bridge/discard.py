"""`bridge dead discard`: dead letters, given up for good, with a reason that stays in the history."""

from typing import Final

from bridge.letters import choose, print_plan, require_choice
from bridge.moments import Clock
from bridge.reason import require_reason
from bridge.round import Fate, Happened, Round, go_watched
from bridge.screen import Screen
from bridge.session import session
from worker.deadletters import Filter
from worker.letters import LetterHead

#: Fast, and still leaves the store to the workers.
_RATE: Final = 500.0


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
        chosen = await choose(bridge, service, wanted)
        if not print_plan(chosen, screen.out, clock, service=service, verb="discard"):
            screen.tell(Round(0).fields())
            return True
        if dry_run:
            screen.out.print(f"a dry run: {len(chosen.letters)} would be gone, nothing was changed")
            screen.tell({"dry_run": True, "letters": [head.id for head in chosen.letters]})
            return True
        letters = bridge.dead_letters

        async def act(head: LetterHead) -> Happened:
            discarded = await letters.discard(head, reason=reason)
            return Happened(head, Fate.DONE if discarded else Fate.GONE)

        done = await go_watched(chosen.letters, act, screen, doing="discarding", rate=_RATE)
    done.report(screen.out, past="discarded")
    screen.tell(done.fields())
    if done.broken:
        raise done.broken
    return done.complete
