"""A history as people read it: newest first, each try with its calls."""

from datetime import UTC, datetime

from console.pages.timeline import timeline
from worker.lanes import Entry

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_newest_stands_first_with_its_tone() -> None:
    """What nobody knows a tone for is shown all the same."""
    events = ("received", "deferred", "applied", "something-new")
    found = timeline(Entry(at=NOW, event=event, sequence=1) for event in events)
    assert [(each.event, each.tone) for each in found] == [
        ("something-new", "idle"),
        ("applied", "good"),
        ("deferred", "warn"),
        ("received", "info"),
    ]


def test_calls_stand_under_what_came_of_them() -> None:
    """Which and why, what came back, when, and the id to ask about; empty facts are left out."""
    call = {
        "at": NOW.isoformat(),
        "call": "CreateInteraction",
        "purpose": "apply",
        "outcome": "Failed",
        "status": 503,
        "detail": "busy",
        "request_id": "r-1",
    }
    detail = {"attempt": 2, "note": "", "retry_at": "soon", "calls": [call, "nonsense", {"call": "Get"}]}
    (moment,) = timeline([Entry(at=NOW, event="deferred", sequence=3, detail=detail)])
    assert moment.facts == (("attempt", "2"), ("retry at", "soon"))
    first, second = moment.calls
    assert (first.at, first.what, first.answer, first.request_id) == (
        NOW,
        "CreateInteraction (apply)",
        "Failed 503 busy",
        "r-1",
    )
    assert (second.at, second.what, second.answer, second.request_id) == (None, "Get", "", "")
