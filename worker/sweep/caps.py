"""Caps: when so much is stale at once that the clock or a rule must be wrong. Pure."""

from datetime import datetime, timedelta
from typing import Final

from worker.spans import span
from worker.sweep.search import Found
from worker.sweep_settings import SweepSettings

#: Stale interactions below which their share of all says nothing.
_FEW: Final = 10
#: Turns missed in a row, and the least time, after which a sweep only looks.
_SILENT_TURNS: Final = 3
_SILENCE: Final = timedelta(hours=1)


def silence(before: datetime | None, every: timedelta, now: datetime) -> str:
    """Return why a sweep should only look, empty when it may act; `before` is the time of the one before it.

    After an outage of ours everything seems idle, and so it does to a clock that has jumped.
    """
    if before is None:
        return "the first one only looks"
    gap = abs(now - before)
    if gap <= max(_SILENT_TURNS * every, _SILENCE):
        return ""
    where = "ago" if before < now else "ahead of this clock"
    return f"it only looks, because the one before it was {span(gap)} {where}"


def too_much(found: Found, settings: SweepSettings, open_count: int) -> str:
    """Return why so much cannot be right, empty when it can."""
    stale, cap = len(found.stops), settings.cap_per_run
    if stale > cap:
        return f"more than {cap} interactions are stale (cap_per_run)"
    if stale > _FEW and stale > settings.cap_share * open_count:
        return (
            f"{stale} of {open_count} open interactions are stale, "
            f"more than a share of {settings.cap_share:g} (cap_share)"
        )
    return ""
