"""A sweep is planned before it runs, remembered afterwards, and can be paused."""

from datetime import timedelta

from console.pages.sweeps import left_alone
from tests.console.pages.conftest import SERVICE, Visit, Visiting, now
from worker.sweeps import Result, Sweep

WHERE = {"service": SERVICE}


async def _age(visit: Visit, external_id: str) -> None:
    at = (now() - timedelta(hours=2)).timestamp() * 1000
    await visit.store._link.redis.zadd("bridge:{support/0}:active", {external_id: int(at)})


def test_a_plan_names_what_would_be_stopped_and_stops_nothing(visiting: Visiting) -> None:
    """The run does, and stands in the history."""

    async def body(visit: Visit) -> None:
        await visit.open("c-1")
        await visit.open("c-2")
        await _age(visit, "c-1")
        plan = await visit.act("/sweeps/plan", **WHERE)
        assert "1 of 2 open interactions would be stopped" in plan
        assert "id=c-1" in plan
        assert "id=c-2" not in plan
        assert await visit.store.sweeps(SERVICE, limit=9) == ()
        assert "Asked for: 1 stops" in await visit.act("/sweeps/run", **WHERE)
        assert ">person<" in await visit.look("/sweeps")

    visiting(body)


def test_too_much_at_once_takes_a_person_who_says_how_much(visiting: Visiting) -> None:
    """The plan says why nothing would be stopped, and offers a cap."""

    async def body(visit: Visit) -> None:
        for number in range(12):
            await visit.open(f"c-{number}")
            await _age(visit, f"c-{number}")
        plan = await visit.act("/sweeps/plan", **WHERE)
        assert "Nothing would be stopped" in plan
        assert 'name="cap"' in plan
        assert "Nothing was stopped" in await visit.act("/sweeps/run", **WHERE)
        assert "Asked for: 12 stops" in await visit.act("/sweeps/run", **WHERE, cap="12")

    visiting(body)


def test_sweeps_are_paused_and_resumed(visiting: Visiting) -> None:
    """With a reason; a service that is not swept says so."""

    async def body(visit: Visit) -> None:
        assert "is empty" in await visit.act("/sweeps/pause", **WHERE)
        assert "are paused" in await visit.act("/sweeps/pause", **WHERE, reason="a holiday")
        assert "a holiday" in await visit.look("/sweeps/live")
        assert "go on" in await visit.act("/sweeps/resume", **WHERE)
        for path in ("/sweeps/plan", "/sweeps/run"):
            assert "Services.sales.sweep is not set" in await visit.act(path, service="sales")
        assert "No service" in await visit.act("/sweeps/resume", service="nowhere")

    visiting(body)


def test_why_the_others_are_left_alone_is_counted() -> None:
    """Those that were not idle for long enough as well."""
    sweep = Sweep(
        id="s", service="x", at=now(), by="person", result=Result.DRY, open=9, looked=4, left={"exempt": 3}
    )
    assert left_alone(sweep) == [(5, "not idle for long enough"), (3, "exempt")]
    assert left_alone(sweep.model_copy(update={"partial": True}))[0] == (5, "not looked at")
