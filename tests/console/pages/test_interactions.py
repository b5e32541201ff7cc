"""Conversations are found by whatever leads to them, and read with what they carry hidden."""

import pytest

from tests.console.pages.conftest import SCRIPT, SERVICE, Visit, Visiting


@pytest.mark.parametrize("written", ["c-1", "I-c-1", "tickets:c-1", "jo@example.org", " JO@Example.ORG "])
def test_a_conversation_is_found(visiting: Visiting, written: str) -> None:
    """By external id, interaction id, key and sender; the other one is not."""

    async def body(visit: Visit) -> None:
        await visit.open("c-1", FromAddress="Jo@example.org", Subject="Hello")
        await visit.open("c-2", FromAddress="ann@example.org")
        text = await visit.act("/interactions", q=written)
        assert "/interaction?service=support&amp;id=c-1" in text
        assert "id=c-2" not in text
        other = await visit.act("/interactions", q=written, state="ended")
        assert "Nothing leads to a conversation" in other

    visiting(body)


def test_a_list_is_narrowed_down(visiting: Visiting) -> None:
    """By state and channel; a parked one and one that waits are told apart."""

    async def body(visit: Visit) -> None:
        await visit.open("c-open")
        await visit.bury("c-parked")
        await visit.create("c-waits")
        listed = {
            state: [name for name in ("c-open", "c-parked", "c-waits") if f"id={name}" in text]
            for state in ("", "new", "open", "ended", "waiting", "parked")
            for text in [await visit.look("/interactions/live", state=state)]
        }
        assert listed == {
            "": ["c-open", "c-parked", "c-waits"],
            "new": ["c-parked", "c-waits"],
            "open": ["c-open"],
            "ended": [],
            "waiting": ["c-waits"],
            "parked": ["c-parked"],
        }
        assert "c-open" not in await visit.look("/interactions", channel="mail")
        assert "c-open" not in await visit.look("/interactions", service="sales")

    visiting(body)


def test_what_waits_is_hidden_until_it_is_revealed(visiting: Visiting) -> None:
    """The audit log says who saw it, and script in it stays text."""

    async def body(visit: Visit) -> None:
        await visit.create("c-1", Subject=SCRIPT)
        where = {"service": SERVICE, "id": "c-1"}
        text = await visit.look("/interaction", **where)
        assert "hacked" not in text
        assert "•••••• " in text
        shown = await visit.act("/interaction/reveal", **where)
        assert "hacked()" in shown
        assert "<script>hacked" not in shown
        (deed, *_) = await visit.store.deeds(limit=1)
        assert (deed.action, deed.target, deed.person) == ("reveal", "support/c-1", "local")

    visiting(body)


def test_one_that_backs_off_can_be_tried_now(visiting: Visiting) -> None:
    """One that does not is left alone."""

    async def body(visit: Visit) -> None:
        await visit.create("c-1")
        assert "does not back off" in await visit.act("/interaction/retry", service=SERVICE, id="c-1")
        redis = visit.store._link.redis
        await redis.zadd("bridge:{support/0}:due", {"c-1": 9e12})
        assert "Try now" in await visit.look("/interaction/live", service=SERVICE, id="c-1")
        assert "It is due now" in await visit.act("/interaction/retry", service=SERVICE, id="c-1")

    visiting(body)


def test_an_unknown_conversation_is_said_to_be_unknown(visiting: Visiting) -> None:
    """With a way back, whatever the address says."""

    async def body(visit: Visit) -> None:
        for query in ({"service": SERVICE, "id": SCRIPT}, {"service": SCRIPT, "id": "c-1"}, {}):
            answer = await visit.get("/interaction", **query)
            assert answer.status_code == 404
            assert "<script>hacked" not in answer.text

    visiting(body)
