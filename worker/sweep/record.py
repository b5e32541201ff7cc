"""The record: what is told and remembered of a sweep. Pure."""

from datetime import datetime

from worker.sweep.search import Found
from worker.sweeps import Named, Result, Sweep
from worker.upkeep_events import SweepDone


def record(
    found: Found,
    *,
    service: str,
    sweep: str,
    by: str,
    now: datetime,
    open_count: int,
    named: int | None = None,
) -> Sweep:
    """Return the record of a search; `named` bounds how many of what it chose are named."""
    names = [
        Named(
            external_id=each.idle.external_id,
            idle_since=each.idle.since,
            what=each.decision.what,
            why=each.decision.why,
        )
        for each in found.chosen[:named]
    ]
    return Sweep(
        id=sweep,
        service=service,
        at=now,
        by=by,
        result=Result.DONE,
        open=open_count,
        looked=found.looked,
        stale=len(found.stops),
        partial=found.partial,
        left=dict(found.left),
        named=tuple(names),
    )


def done(record: Sweep) -> SweepDone:
    """Return the event of a sweep that came to its end."""
    return SweepDone(
        service=record.service,
        sweep=record.id,
        by=record.by,
        result=record.result,
        reason=record.reason,
        open=record.open,
        looked=record.looked,
        stops=record.stops,
        warnings=record.warnings,
        overtaken=record.overtaken,
    )
