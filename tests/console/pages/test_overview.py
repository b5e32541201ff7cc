"""The overview says at a glance whether messages flow, and what is in their way."""

from datetime import timedelta

from tests.console.pages.conftest import SERVICE, Visit, Visiting, now
from worker.sweeps import Result, Sweep


def test_all_is_well_only_while_nothing_needs_a_person(visiting: Visiting) -> None:
    """A worker is there, nothing is dead, nothing is paused."""

    async def body(visit: Visit) -> None:
        assert "No worker is there" in await visit.look("/")
        await visit.store.sign("host:1", now=now())
        assert "All is well" in await visit.look("/")
        await visit.bury("c-1")
        text = await visit.look("/overview/live")
        assert "One thing needs a person" in text
        assert "Service support has 1 dead letter" in text
        assert "<html" not in text, "only the part that changes"

    visiting(body)


def test_each_thing_that_needs_a_person_has_a_sentence_and_a_way(visiting: Visiting) -> None:
    """Paused services and channels with the reason, a refused key, a refused sweep, a worker that is gone."""

    async def body(visit: Visit) -> None:
        await visit.store.sign("host:1", now=now() - timedelta(minutes=2))
        await visit.store.pause(SERVICE, reason="moving")
        await visit.store.hold("sales", until=now() + timedelta(minutes=5), reason="401 key unknown")
        await visit.store.pause_channel("tickets", reason="a flood")
        refused = Sweep(
            id="s-1", service=SERVICE, at=now(), by="schedule", result=Result.REFUSED, reason="too much"
        )
        await visit.store.record_sweep(refused)
        text = await visit.look("/")
        assert "5 things need a person" in text
        for sentence in (
            "No worker is there",
            "Service support is paused: moving",
            "Service sales refuses the API key (401 key unknown)",
            "Channel tickets is paused: a flood",
            "The last sweep of support stopped nothing: too much",
        ):
            assert sentence in text
        assert ">gone<" in text

    visiting(body)


def test_work_that_waits_for_long_is_said(visiting: Visiting) -> None:
    """With its age; and its channel counts it."""

    async def body(visit: Visit) -> None:
        await visit.create("c-1")
        redis = visit.store._link.redis
        key = "bridge:{support/0}:due"
        await redis.zadd(key, {"c-1": (now() - timedelta(minutes=7)).timestamp() * 1000})
        text = await visit.look("/", over="24h")
        assert "has had work waiting for 7 min" in text
        assert "oldest due for 7 min" in text
        assert 'aria-current="true">24 h' in text

    visiting(body)
