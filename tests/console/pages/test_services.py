"""Services show their gates, and are worked by hand."""

from datetime import timedelta

from tests.console.pages.conftest import SCRIPT, Visit, Visiting, now

NAME = {"name": "support"}


def test_a_service_is_paused_and_resumed(visiting: Visiting) -> None:
    """The reason stands beside the gate, as text."""

    async def body(visit: Visit) -> None:
        assert "is empty" in await visit.act("/service/pause", **NAME)
        assert "is paused" in await visit.act("/service/pause", **NAME, reason=SCRIPT)
        for path in ("/services", "/services/live", "/service", "/service/live"):
            text = await visit.look(path, **NAME)
            assert "hacked()" in text
            assert "<script>hacked" not in text
        assert "it was paused" in await visit.act("/service/resume", **NAME)
        assert "No service" in await visit.act("/service/resume", name="nowhere")

    visiting(body)


def test_a_hold_shows_until_when(visiting: Visiting) -> None:
    """And what waits meanwhile."""

    async def body(visit: Visit) -> None:
        await visit.create("c-1")
        await visit.store.hold("support", until=now() + timedelta(hours=1), reason="429 later")
        text = await visit.look("/service", **NAME)
        assert "<dt>Until</dt>" in text
        assert "id=c-1" in text
        assert "429 later" in text

    visiting(body)


def test_what_backs_off_is_made_due(visiting: Visiting) -> None:
    """Or nothing does."""

    async def body(visit: Visit) -> None:
        assert "Nothing backs off" in await visit.act("/service/retry", **NAME)
        await visit.create("c-1")
        await visit.store._link.redis.zadd("bridge:{support/0}:due", {"c-1": 9e12})
        assert "made due now: 1" in await visit.act("/service/retry", **NAME)
        assert "No service" in await visit.act("/service/retry", name="nowhere")

    visiting(body)


def test_a_test_call_says_what_came_of_it(visiting: Visiting) -> None:
    """Here nobody listens."""

    async def body(visit: Visit) -> None:
        assert "cannot be reached" in await visit.act("/service/test", **NAME)
        assert "No service" in await visit.act("/service/test", name="nowhere")
        assert (await visit.get("/service", name="nowhere")).status_code == 404

    visiting(body)
