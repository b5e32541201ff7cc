"""Orders: the commands by which a sweep does what was decided. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from worker.commands import Command, Guard, OnEnded, OnMissing, Stop, Update
from worker.spans import span
from worker.sweep.policy import What, idleness_of
from worker.sweep_settings import SweepRules
from worker.sweeps import SWEEPER, Idle

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def order(idle: Idle, what: What, rules: SweepRules, *, service: str, sweep: str, now: datetime) -> Command:
    """Return the command that stops or warns; two sweeps that saw the same give it the same key."""
    guard = Guard(
        idle_since=idle.since,
        states=rules.states if what is What.STOP else (),
        exempt=rules.exempt if what is What.STOP else {},
        sweep=sweep,
    )
    common: Mapping[str, object] = {
        "service": service,
        "external_id": idle.external_id,
        "idempotency_key": key(idle, what),
        "channel": SWEEPER,
        "received_at": now,
        "trace_id": sweep,
        "guard": guard,
    }
    if what is What.WARN:
        from_then_on = now + timedelta(seconds=rules.warn_before_s or 0.0)
        mark = {rules.warn_property: from_then_on.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return Update.model_validate(
            {**common, "changed": mark, "on_missing": OnMissing.DROP, "on_ended": OnEnded.DROP}
        )
    description = rules.reason_description.format(idle=span(now - idle.since), sweep=sweep)
    reason = {"reason_system_name": rules.reason_system_name, "reason_description": description}
    return Stop.model_validate({**common, **reason})


def key(idle: Idle, what: What) -> str:
    """Return the idempotency key: the interaction, its last activity, how often it was left alone since.

    Any number of sweeps makes one stop. What was left alone at the last moment may be stopped by a later
    sweep, and is told apart by the count.
    """
    generation = idle.interaction.generation if idle.interaction else 1
    seen = (idle.since - _EPOCH) // timedelta(milliseconds=1)
    which = f"{SWEEPER}:{idle.external_id}:{generation}:{seen}"
    if what is What.WARN:
        return f"{which}:warn"
    left = idleness_of(idle).left
    return f"{which}:{left}" if left else which
