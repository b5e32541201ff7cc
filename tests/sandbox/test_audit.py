"""The record of calls."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.audit import Audit, Entry, Filter
from sandbox.call import Call
from sandbox.document import Document

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def entry(service: str = "support", external_id: str | None = "a", minutes: int = 0) -> Entry:
    """A call that was refused."""
    return Entry(
        at=NOON + timedelta(minutes=minutes),
        call=Call(service=service, operation="create", external_id=external_id),
        document=Document(value={"data": {"externalId": "b"}}),
        status=409,
    )


def test_an_entry_shows_the_call_and_what_came_of_it() -> None:
    """An entry shows who was asked what, and what the caller was told."""
    assert Audit().add(entry(external_id=None)).shown() == {
        "seq": 1,
        "at": "2026-01-31T12:00:00.000000Z",
        "service": "support",
        "operation": "create",
        "externalId": "b",
        "interactionId": None,
        "status": 409,
        "request": {"data": {"externalId": "b"}},
        "effect": False,
        "answered": True,
        "fault": None,
    }


def test_the_oldest_entries_go_first() -> None:
    """Past the limit the oldest entry is dropped; numbers go on without gaps."""
    audit = Audit(limit=2)
    for _ in range(3):
        audit.add(entry())
    assert ([one.seq for one in audit], audit.last_seq) == ([2, 3], 3)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), [1, 2, 3]),
        (Filter(service="sales"), [2]),
        (Filter(external_id="c"), [3]),
        (Filter(since=NOON + timedelta(minutes=1)), [2, 3]),
        (Filter(after=1), [2, 3]),
        (Filter(after=1, limit=1), [2]),
        (Filter(limit=0), []),
    ],
)
def test_entries_are_selected(wanted: Filter, expected: list[int]) -> None:
    """A filter gives the entries it names, oldest first."""
    audit = Audit()
    for one in (entry(), entry("sales", minutes=1), entry(external_id="c", minutes=2)):
        audit.add(one)
    assert [one.seq for one in audit.select(wanted)] == expected
