"""`bridge show`."""

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bridge.moments import clock
from bridge.show import as_json, print_view
from worker.commands import Update
from worker.interactions import EndedBy, Interaction, State
from worker.lanes import Entry, LaneView, Queued

if TYPE_CHECKING:
    from tests.bridge.conftest import Up

_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


_COMMAND = Update(
    service="support", external_id="a", idempotency_key="mail:1", channel="mail", received_at=_AT
)
_LOOK = "`bridge dead list support --each --external-id a`"


def _view() -> LaneView:
    row = Interaction(
        service="support",
        external_id="a",
        state=State.ENDED,
        generation=2,
        interaction_id="ID",
        channel="mail",
        ended_at=_AT,
        ended_by=EndedBy.ELSEWHERE,
    )
    history = (Entry(at=_AT, event="deferred", sequence=3, detail={"reason": "429", "note": ""}),)
    return LaneView(
        row, (Queued(3, "r", _AT, _COMMAND), Queued(4, "s", _AT, None)), history, 2, _AT, parked=True
    )


def test_everything_a_person_asks_for_is_there() -> None:
    """Where it stands, what waits and why, what happened and when."""
    console = Console(file=io.StringIO(), width=200)
    print_view(_view(), console, clock(utc=True))
    assert isinstance(console.file, io.StringIO)
    lines = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
    assert lines == [
        "service support",
        "external id a",
        "state ended (by elsewhere)",
        "interaction id ID",
        "channel mail",
        "generation 2, at the API as a~2",
        "ended 2026-11-23 12:00:00 UTC",
        f"parked yes: its create is a dead letter, a person must decide; see {_LOOK}",
        "waiting 2",
        "due 2026-11-23 12:00:00 UTC",
        "attempts 2",
        "",
        "waiting, oldest first",
        "command kind accepted fingerprint key",
        f"3 update 2026-11-23 12:00:00 UTC {_COMMAND.fingerprint} mail:1",
        "4 written by a newer bridge 2026-11-23 12:00:00 UTC",
        "",
        "what happened",
        "2026-11-23 12:00:00 UTC 3 deferred reason: 429",
    ]


def test_json_is_one_line() -> None:
    """For scripts."""
    assert as_json(_view()).startswith('{"interaction":{"service":"support"')
    assert "\n" not in as_json(_view())


@pytest.mark.story
def test_the_unknown_is_one_helpful_sentence(live: "Up") -> None:
    """An id that never came, and a service that is not configured."""
    told = live.bridge("show", "support", "no-such-id")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith(
        "bridge: service 'support' has never heard of 'no-such-id': the external id stands"
    )
    told = live.bridge("show", "sales", "a")
    assert told.stderr == "bridge: no service 'sales' is configured; there is: support\n"
