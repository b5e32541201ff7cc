"""The policy: which idle interaction is stopped, which is warned, and why the others are left alone. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from worker.interactions import Idleness, State
from worker.spans import span
from worker.sweep.hours import NEVER, idle_before, is_quiet
from worker.sweep_settings import SweepRules
from worker.sweeps import Idle


class What(StrEnum):
    """What a sweep does about an interaction."""

    STOP = "stop"
    WARN = "warn"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done, and why: of what is left alone, one of a few reasons."""

    what: What
    why: str


@dataclass(frozen=True, slots=True)
class Limits:
    """The rules at one moment: what was last active then or before has been idle for long enough."""

    rules: SweepRules
    now: datetime
    stale: datetime
    #: From when an interaction is warned; the same as `stale` where none is.
    noticed: datetime
    #: A warning given then or before has had its time.
    warned: datetime
    opened: datetime
    left: datetime
    quiet: bool

    @classmethod
    def at(cls, rules: SweepRules, now: datetime) -> "Limits":
        """Return the limits of these rules at a moment."""
        zone, warning_s = ZoneInfo(rules.timezone), rules.warn_before_s or 0.0

        def before(seconds: float) -> datetime:
            return idle_before(now, timedelta(seconds=seconds), rules.calendar, zone)

        return cls(
            rules=rules,
            now=now,
            stale=before(rules.idle_s),
            noticed=before(rules.idle_s - warning_s),
            warned=before(warning_s) if warning_s else now,
            opened=now - timedelta(seconds=rules.older_s),
            left=now - timedelta(seconds=rules.again_s),
            quiet=rules.quiet_hours is not None and is_quiet(rules.quiet_hours, zone, now),
        )

    @property
    def looks_until(self) -> datetime:
        """What was active later is none of a sweep's business."""
        return self.noticed if self.rules.enabled else NEVER


def decide(idle: Idle, limits: Limits) -> Decision:
    """Return what is done about an open interaction."""
    if reason := _reason_to_leave(idle, limits):
        return Decision(What.LEAVE, reason)
    why = f"idle for {span(limits.now - idle.since)}"
    if limits.rules.warn_before_s is not None:
        warned_at = idleness_of(idle).warned_at
        if warned_at is None:
            return Decision(What.WARN, why)
        if warned_at > limits.warned:
            return Decision(What.LEAVE, "warned a short while ago")
        why = f"{why}, warned {span(limits.now - warned_at)} ago"
    if idle.since > limits.stale:
        return Decision(What.LEAVE, "not idle for long enough")
    return Decision(What.STOP, why)


def _reason_to_leave(idle: Idle, limits: Limits) -> str:
    if not limits.rules.enabled:
        return "not swept: its channel says so"
    if idle.since > limits.noticed:
        return "not idle for long enough"
    if idle.interaction is None:
        return "a newer bridge wrote it"
    if idle.waiting:
        return "commands wait in its lane"
    if idle.interaction.state is not State.OPEN:
        return "not open"
    if idle.interaction.opened_at and idle.interaction.opened_at > limits.opened:
        return "not open for long enough"
    left_at = idleness_of(idle).left_at
    if left_at is not None and left_at > limits.left:
        return "left alone a short while ago"
    return "quiet hours" if limits.quiet else ""


def idleness_of(idle: Idle) -> Idleness:
    """Return what sweeps did since the last activity; what they did before it counts no more."""
    found = (idle.interaction.idleness if idle.interaction else None) or Idleness()
    if found.warned_at is not None and found.warned_at < idle.since:
        found = found.model_copy(update={"warned_at": None})
    if found.left_at is not None and found.left_at < idle.since:
        found = found.model_copy(update={"left": 0, "left_at": None})
    return found
