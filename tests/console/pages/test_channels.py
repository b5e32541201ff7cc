"""Channels show what came and how it was answered; they are tried, paused and resumed."""

import pytest

from console import actions
from tests.console.pages.conftest import SCRIPT, Visit, Visiting, now
from worker.arrivals import Arrival

BODY = '{"id": "7", "delivery": "d-1"}'


def test_recent_deliveries_stand_there_with_their_answers(visiting: Visiting) -> None:
    """Newest first, with why, and where they led."""

    async def body(visit: Visit) -> None:
        arrivals = [
            Arrival(channel="tickets", at=now(), answer="accepted", size_bytes=9, external_ids=("c-1",)),
            Arrival(channel="tickets", at=now(), answer="refused", reason=SCRIPT),
            Arrival(channel="tickets", at=now(), answer="unreadable", reason="no JSON", letter="unread"),
        ]
        await visit.store.put_arrivals("tickets", arrivals)
        await visit.store.tally("support", "tickets:refused")
        text = await visit.look("/channel", name="tickets")
        assert text.index("unreadable") < text.index("refused</span>") < text.index("accepted")
        assert "id=c-1" in text
        assert "/letter?service=support&amp;id=unread" in text
        assert "<script>hacked" not in text
        assert "refused 1" in text
        assert ">unreadable<" in await visit.look("/channels/live")

    visiting(body)


def test_a_payload_is_tried_and_nothing_kept(visiting: Visiting) -> None:
    """It says what it would become, or why it would not be taken."""

    async def body(visit: Visit) -> None:
        tried = await visit.act("/channel/try", name="tickets", payload=BODY)
        assert "It would become 1 command" in tried
        assert "Refused: 0 X-Sig" in await visit.act(
            "/channel/try", name="tickets", payload=BODY, proved="on"
        )
        assert "Unreadable: " in await visit.act("/channel/try", name="tickets", payload="{")
        wrong = await visit.act("/channel/try", name="tickets", payload=BODY, headers="no header")
        assert "said bad" in wrong
        assert await visit.store.recent("support", limit=9) == ()

    visiting(body)


def test_a_channel_is_paused_with_a_reason_and_resumed(visiting: Visiting) -> None:
    """Without a reason it is not."""

    async def body(visit: Visit) -> None:
        assert "is empty" in await visit.act("/channel/pause", name="tickets", reason=" ")
        assert "is paused" in await visit.act("/channel/pause", name="tickets", reason="a flood")
        assert "a flood" in await visit.look("/channel/live", name="tickets")
        assert "because: a flood" in await visit.act("/channel/resume", name="tickets")
        assert "it was not paused" in await visit.act("/channel/resume", name="tickets")
        assert "No channel" in await visit.act("/channel/resume", name="nowhere")

    visiting(body)


def test_a_channel_is_held_and_let_go(visiting: Visiting, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes in waits, and it says so wherever anybody looks first."""
    monkeypatch.setattr(actions, "HEARD_AFTER_S", 0)

    async def body(visit: Visit) -> None:
        assert "is empty" in await visit.act("/channel/hold", name="tickets", reason=" ")
        assert "is held" in await visit.act("/channel/hold", name="tickets", reason="a mapping")
        assert "<dt>Held because</dt><dd>a mapping" in await visit.look("/channel/live", name="tickets")
        assert ">held<" in await visit.look("/channels/live")
        assert "What comes by tickets is held: a mapping" in await visit.look("/")
        assert "it was held because: a mapping" in await visit.act("/channel/resume", name="tickets")

    visiting(body)


@pytest.mark.parametrize("path", ["/channel", "/channel/live"])
def test_an_unknown_channel_is_said_to_be_unknown(visiting: Visiting, path: str) -> None:
    """Whatever its name."""

    async def body(visit: Visit) -> None:
        answer = await visit.get(path, name=SCRIPT)
        assert answer.status_code == 404
        assert "<script>hacked" not in answer.text

    visiting(body)
