"""An event is posted until it is heard: plan, judge, and the endings that only events have."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from worker.commands import Create, Notify, Stop, Update
from worker.drain.judge import Case, judge
from worker.drain.plan import plan
from worker.events import CommandApplied, ServicePaused
from worker.gate_settings import RetrySettings
from worker.interactions import Interaction, State
from worker.lanes import Partition
from worker.notices import Notice, NoticeKind
from worker.operations import PostEvent, Purpose, Step
from worker.outcomes import (
    Conflict,
    Evidence,
    Failed,
    NotFound,
    Ok,
    Outcome,
    Overloaded,
    Rejected,
    Unauthorized,
    Unknown,
)
from worker.verdicts import Again, Applied, Bury, Hold, Pause, Verdict

Lay = Callable[..., SimpleNamespace]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RETRY = RetrySettings(base_s=2, cap_s=60, max_attempts=3, max_age_s=3600, retry_after_cap_s=900)
ROW = Interaction(service="hook.crm", external_id="c-1")
NOTICE = Notice(
    id="evt_1",
    kind=NoticeKind.CREATED,
    at=NOW,
    service="support",
    external_id="c-1",
    generation=1,
    interaction_id="I1",
    sequence=1,
    channel="mail",
    note="created",
)
NOTIFY = Notify(
    service="hook.crm",
    external_id="c-1",
    idempotency_key="mail:evt_1",
    channel="mail",
    received_at=NOW,
    notice=NOTICE,
)
POST = Step(PostEvent("evt_1", "interaction.created", NOW, NOTICE.told), Purpose.APPLY, ROW)


@pytest.mark.parametrize("suspect", [False, True])
def test_an_event_is_posted_whatever_became_of_an_earlier_try(*, suspect: bool) -> None:
    """Nothing can be read back: its receiver tells repetitions by the event's id."""
    assert plan(ROW, NOTIFY, suspect=suspect, mark="") == POST


TABLE: dict[str, tuple[Outcome, Verdict]] = {
    "200": (Ok(Evidence(200)), Applied(ROW, "told")),
    "400": (Rejected(Evidence(400, "Bad Request")), Again(1.0, "400 Bad Request", failed=False)),
    "401 of the receiver": (Rejected(Evidence(401)), Again(1.0, "401", failed=False)),
    "404": (NotFound(Evidence(404)), Again(1.0, "404", failed=False)),
    "409": (Conflict(Evidence(409)), Again(1.0, "409", failed=False)),
    "410": (Rejected(Evidence(410, "Gone")), Pause("410 Gone: its receiver wants no more events")),
    "no secret": (Unauthorized(Evidence(detail="not set")), Hold(30.0, "not set")),
    "429": (Overloaded(Evidence(429)), Again(1.0, "429")),
    "503, later": (Overloaded(Evidence(503), 20.0), Hold(20.0, "503")),
    "500": (Failed(Evidence(500)), Again(1.0, "500")),
    "not reached": (
        Failed(Evidence(detail="refused"), reached=False),
        Again(1.0, "refused", counted=False),
    ),
    "no answer": (Unknown(Evidence(detail="reset")), Again(1.0, "reset")),
}


def case(*, attempt: int = 1, age_s: float = 0) -> Case:
    """Return a case in which an event was posted."""
    accepted = NOW - timedelta(seconds=age_s)
    return Case(
        step=POST,
        command=NOTIFY,
        interaction=ROW,
        attempt=attempt,
        suspect=False,
        accepted_at=accepted,
        now=NOW,
        retry=RETRY,
        settling_s=20,
        mark="",
        dice=lambda: 0.5,
    )


@pytest.mark.parametrize(("outcome", "verdict"), TABLE.values(), ids=TABLE.keys())
def test_the_table_of_events_holds(outcome: Outcome, verdict: Verdict) -> None:
    """Standard Webhooks: 2xx is heard, 410 ends it, and anything else is tried again."""
    assert judge(case(), outcome) == verdict


@pytest.mark.parametrize("name", [name for name in TABLE if name not in {"200", "410", "no secret"}])
def test_an_event_that_is_never_heard_is_buried_in_the_end(name: str) -> None:
    """After its age, whatever came back; a person finds it among the dead letters of the subscription."""
    verdict = judge(case(age_s=3601), TABLE[name][0])
    assert isinstance(verdict, Bury)
    assert verdict.cause == "exhausted"


def test_tries_that_were_answered_are_counted() -> None:
    """A receiver that refuses an event for good does not get it for ever."""
    verdict = judge(case(attempt=3), Rejected(Evidence(422)))
    assert verdict == Bury("exhausted", "tried 3 times; last: 422")


def test_what_is_gone_pauses_its_subscription(bench: Lay) -> None:
    """Nothing is buried and nothing more is sent: the event waits until a person resumes it."""
    table = bench(Rejected(Evidence(410, "Gone")))
    table.submit(NOTIFY.model_copy(update={"service": "support"}))
    table.deliver()
    (paused,) = table.told(ServicePaused)
    assert (paused.service, paused.reason) == ("support", "410 Gone: its receiver wants no more events")
    backlog = asyncio.run(table.store.backlog(Partition("support", 0), now=NOW))
    assert (backlog.paused, backlog.dead, backlog.lanes) == (paused.reason, 0, 1)
    assert table.claims() == ()
    asyncio.run(table.store.resume("support"))
    assert table.claim().attempt == 1, "the try does not count"


def command(kind: type, number: int) -> Create | Update | Stop:
    """Return the n-th command of a conversation."""
    key = f"mail:{number}"
    return kind(service="support", external_id="c-1", idempotency_key=key, channel="mail", received_at=NOW)


def outbox(table: SimpleNamespace) -> list[Notice]:
    """Return what waits to be told."""
    found = asyncio.run(table.store.untold(Partition("support", 0), limit=99))
    return [notice for _, notice in found]


def test_what_is_watched_is_written_with_the_settlement(bench: Lay) -> None:
    """And only that; whoever passes it on is woken."""
    table, written = bench(), []
    table.desk = table.watching({NoticeKind.CREATED, NoticeKind.STOPPED}, written)
    table.submit(command(Create, 1), command(Update, 2), command(Stop, 3))
    table.deliver()
    assert len(table.told(CommandApplied)) == 3
    assert [(each.kind, each.sequence) for each in outbox(table)] == [
        (NoticeKind.CREATED, 1),
        (NoticeKind.STOPPED, 3),
    ]
    assert written == [Partition("support", 0)] * 2


def test_a_burial_is_told(bench: Lay) -> None:
    """With its letter, so that a receiver can say which."""
    table, written = bench(Rejected(Evidence(400, "no"))), []
    table.desk = table.watching({NoticeKind.DEAD}, written)
    table.submit(command(Create, 1))
    table.deliver()
    (notice,) = outbox(table)
    (head,) = asyncio.run(table.store.dead("support", limit=9))
    assert (notice.kind, notice.cause, notice.reason) == (NoticeKind.DEAD, "rejected", "400 no")
    assert notice.letter == head.id
    assert written == [Partition("support", 0)]


def test_nobody_watching_costs_nothing(bench: Lay) -> None:
    """Nothing is written, and nobody is woken: the default desk would fail at it."""
    table = bench(Ok(Evidence(200)), Rejected(Evidence(400, "no")))
    table.submit(command(Create, 1), command(Update, 2))
    table.deliver()
    assert outbox(table) == []
    assert table.view().interaction.state is State.OPEN
