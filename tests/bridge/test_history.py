"""The history, as a person reads it."""

import io
from datetime import UTC, datetime

from rich.console import Console

from bridge.history import print_history
from bridge.moments import clock
from worker.lanes import Entry

_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_each_call_has_a_line_under_what_came_of_it() -> None:
    """When, which call, why, what was answered and the id to ask about; nothing looks like a program's."""
    call = {
        "at": _AT.isoformat(),
        "call": "CreateInteraction",
        "purpose": "act",
        "outcome": "Failed",
        "status": 503,
        "detail": "busy",
        "request_id": "q-1",
    }
    lost = {"call": "UpdateProperties", "outcome": "Unknown"}
    entries = [
        Entry(at=_AT, event="received", sequence=1, detail={"kind": "create", "channel": "mail"}),
        Entry(
            at=_AT, event="deferred", sequence=1, detail={"reason": "503", "note": "", "calls": [call, lost]}
        ),
    ]
    console = Console(file=io.StringIO(), width=200)
    print_history(entries, console, clock(utc=True))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "2026-11-23 12:00:00 UTC    1  received   kind: create, channel: mail",
        "2026-11-23 12:00:00 UTC    1  deferred   reason: 503",
        "      2026-11-23 12:00:00 UTC  CreateInteraction (act)  → Failed 503 busy  [request q-1]",
        "      UpdateProperties  → Unknown",
    ]
