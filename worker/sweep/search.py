"""The search: one look through the index of activity, the longest idle first, within bounds."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from worker.lanes import Partition
from worker.ports import Sweeps
from worker.sweep.policy import Decision, Limits, What, decide
from worker.sweep_settings import SweepRules, SweepSettings, rules_of
from worker.sweeps import Cursor, Idle

#: Interactions read in one go: bounds what is held in memory, and how long the store is busy with it.
PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of each channel's interactions, at one moment."""

    default: Limits
    channels: Mapping[str, Limits]

    @classmethod
    def at(cls, settings: SweepSettings, channels: Mapping[str, SweepRules], now: datetime) -> "Plan":
        """Return the plan of a service whose `channels` have rules of their own."""
        own = {name: Limits.at(rules_of(settings, rules), now) for name, rules in channels.items()}
        return cls(Limits.at(settings, now), own)

    def limits(self, idle: Idle) -> Limits:
        """Return what is asked of one interaction."""
        channel = idle.interaction.channel if idle.interaction else None
        return self.channels.get(channel or "", self.default)

    @property
    def looks_until(self) -> datetime:
        """What was active later is left out from the beginning."""
        return max(each.looks_until for each in (self.default, *self.channels.values()))


@dataclass(frozen=True, slots=True)
class Chosen:
    """One interaction that is to be stopped or warned."""

    idle: Idle
    decision: Decision
    rules: SweepRules


@dataclass(slots=True)
class Found:
    """What a search came to."""

    #: By external id: what moves while it is looked for is found once.
    stops: dict[str, Chosen] = field(default_factory=dict)
    warnings: dict[str, Chosen] = field(default_factory=dict)
    left: Counter[str] = field(default_factory=Counter)
    looked: int = 0
    #: Whether it ended before everything was looked at.
    partial: bool = False
    #: Where the next search of each partition goes on.
    bookmarks: dict[Partition, Cursor | None] = field(default_factory=dict)

    @property
    def chosen(self) -> list[Chosen]:
        """Everything that is to be done, the stops first."""
        return [*self.stops.values(), *self.warnings.values()]


async def search(
    sweeps: Sweeps,
    partitions: Mapping[Partition, Cursor | None],
    plan: Plan,
    *,
    at_most: int,
    cap: int,
) -> Found:
    """Look at up to `at_most` interactions, from a place in each partition on.

    Stops looking where more than `cap` are to be stopped: that is as good as any greater number.
    """
    found = Found()
    share = max(at_most // max(len(partitions), 1), 1)
    for partition, start in partitions.items():
        await _search(sweeps, partition, start, plan, found, budget=share, cap=cap)
    return found


async def _search(
    sweeps: Sweeps,
    partition: Partition,
    cursor: Cursor | None,
    plan: Plan,
    found: Found,
    *,
    budget: int,
    cap: int,
) -> None:
    while budget > 0 and len(found.stops) <= cap:
        limit = min(PAGE, budget)
        page = await sweeps.idle(partition, after=cursor, until=plan.looks_until, limit=limit)
        for idle in page:
            _weigh(idle, plan.limits(idle), found, cap=cap)
        budget -= limit
        if len(page) < limit:
            found.bookmarks[partition] = None
            return
        cursor = page[-1].cursor
    found.partial = True
    found.bookmarks[partition] = cursor


def _weigh(idle: Idle, limits: Limits, found: Found, *, cap: int) -> None:
    decision = decide(idle, limits)
    found.looked += 1
    chosen = Chosen(idle, decision, limits.rules)
    match decision.what:
        case What.STOP:
            if len(found.stops) <= cap:
                found.stops[idle.external_id] = chosen
        case What.WARN:
            if len(found.warnings) < cap:
                found.warnings[idle.external_id] = chosen
            else:
                found.left["warned by a later sweep"] += 1
        case What.LEAVE:
            found.left[decision.why] += 1
