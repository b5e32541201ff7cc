"""The guard: whether a sweep's command may still take effect, decided again and again on its way. Pure.

A sweep decides on what it saw; whoever carries its command out looks again. Nothing that was accepted
meanwhile may find its interaction stopped, so every doubt leaves it alone: there will be another sweep.
"""

from datetime import datetime, timedelta
from typing import Final

from worker.commands import Command, Guard, Stop, guard_of
from worker.drain.plan import stop_step
from worker.interactions import Interaction, State
from worker.lanes import Way
from worker.operations import GetInteraction, Step
from worker.outcomes import Snapshot
from worker.verdicts import Applied, Proceed

#: The store knows activity to the millisecond, the ledger row more exactly.
_TICK: Final = timedelta(milliseconds=1)


def overtaken(interaction: Interaction, command: Command, *, younger: bool) -> Applied | None:
    """Return the verdict on a sweep's command that was overtaken, None for any other command.

    Args:
        interaction: The ledger row.
        command: The head of the lane.
        younger: Whether anything waits behind it.
    """
    guard = guard_of(command)
    if guard is None or interaction.state is State.ENDED:
        return None
    if younger:
        return Applied(interaction, "overtaken: something newer waits")
    last = interaction.last_activity_at
    # a letter that was replayed much later stands alone in its lane, too
    if last is not None and last >= guard.idle_since + _TICK:
        return Applied(interaction, "overtaken: there was activity since")
    return None


def writes(step: Step, command: Command) -> bool:
    """Say whether a step is the one by which a sweep's command takes effect."""
    return guard_of(command) is not None and not isinstance(step.operation, GetInteraction)


def given_up(interaction: Interaction, way: Way, *, now: datetime) -> Applied | None:
    """Return the verdict on a sweep's command that must not take effect after all."""
    match way:
        case Way.OVERTAKEN:
            return Applied(interaction, "overtaken: something newer waits")
        case Way.PAUSED:
            return Applied(interaction.left_alone(at=now), "left: sweeps are paused")
        case _:
            return None


def found_before_stop(
    target: Interaction, command: Stop, snapshot: Snapshot | None, *, now: datetime
) -> Proceed | Applied:
    """Return what a sweep's stop means for an interaction that is there, as the API described it."""
    guard = guard_of(command)
    if reason := guard and _exemption(guard, snapshot or Snapshot()):
        return Applied(target.left_alone(at=now), f"left: {reason}")
    return Proceed(stop_step(target, command))


def _exemption(guard: Guard, snapshot: Snapshot) -> str:
    if guard.states and snapshot.state is None:
        return "the answer did not tell its state"
    if guard.states and snapshot.state not in guard.states:
        return f"its state is {snapshot.state}"
    for name, values in guard.exempt.items():
        if snapshot.user_data.get(name) in values:
            return f"exempt by {name}"
    return ""


def warned(target: Interaction, *, now: datetime) -> Applied:
    """Return the verdict on a sweep's warning that arrived."""
    return Applied(target.warned(at=now), "warned")
