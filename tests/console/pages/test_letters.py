"""Dead letters are seen by cause, read, mended, planned and worked on in bulk."""

import asyncio
import re

from console.runs import State
from tests.console.pages.conftest import SCRIPT, SERVICE, Visit, Visiting

LETTER = {"service": SERVICE, "id": "letter-c-1"}


async def _ended(visit: Visit) -> str:
    """Return what is shown of the newest run once it ended."""
    run = visit.console.actions.runs.all()[0]
    async with asyncio.timeout(10):
        while run.state is State.RUNNING:  # noqa: ASYNC110 - it is another task's doing
            await asyncio.sleep(0.01)
    answer = await visit.get(f"/runs/{run.id}")
    assert answer.headers["hx-trigger"] == "acted"
    return answer.text


def test_letters_are_grouped_by_cause_and_filtered(visiting: Visiting) -> None:
    """With what usually helps."""

    async def body(visit: Visit) -> None:
        assert "No dead letter fits" in await visit.look("/letters")
        await visit.bury("c-1")
        await visit.bury("c-2")
        await visit.keep(b"{")
        text = await visit.look("/letters")
        assert re.search(r"<strong>2</strong>.*<strong>1</strong>", text, re.DOTALL)
        assert "Mend what the API named" in text
        only = await visit.look("/letters/live", cause="unreadable")
        assert "unread" in only
        assert "letter-c-1" not in only

    visiting(body)


def test_one_letter_shows_all_attempts_and_hides_what_it_carries(visiting: Visiting) -> None:
    """Until it is revealed, which the audit log remembers."""

    async def body(visit: Visit) -> None:
        await visit.bury("c-1", Subject=SCRIPT)
        text = await visit.look("/letter", **LETTER)
        assert "CreateInteraction" in text
        assert "Nothing of this conversation moves" in text
        assert "hacked" not in text
        shown = await visit.act("/letter/reveal", **LETTER)
        assert "hacked()" in shown
        assert "<script>hacked" not in shown
        (deed, *_) = await visit.store.deeds(limit=1)
        assert (deed.action, deed.target) == ("reveal", "support/letter-c-1")

    visiting(body)


def test_an_unreadable_delivery_is_shown_byte_for_byte_when_asked(visiting: Visiting) -> None:
    """Its headers too."""

    async def body(visit: Visit) -> None:
        await visit.keep(b"\xff{")
        where = {"service": SERVICE, "id": "unread"}
        assert "jo@example.org" not in await visit.look("/letter", **where)
        shown = await visit.act("/letter/reveal", **where)
        assert "jo@example.org" in shown
        assert "ff 7b" in shown

    visiting(body)


def test_a_letter_is_mended_after_its_change_was_shown(visiting: Visiting) -> None:
    """Only what was changed is sent; nonsense is answered in words."""

    async def body(visit: Visit) -> None:
        await visit.bury("c-1", Subject="Hello", Priority="high")
        form = await visit.act("/letter/edit-form", **LETTER)
        assert 'name="set:user_data.Subject"' in form
        was = {
            "was:user_data.Subject": '"Hello"',
            "set:user_data.Priority": '"high"',
            "was:user_data.Priority": '"high"',
        }
        change = {**LETTER, **was, "set:user_data.Subject": '"Mended"'}
        shown = await visit.act("/letter/foresee", **change)
        assert "Mended" in shown
        assert "Priority" not in shown
        wrong = await visit.act("/letter/foresee", **{**change, "set:user_data.Subject": "no quotes"})
        assert "is not JSON" in wrong
        assert "is not JSON" in await visit.act("/letter/edit", **{**change, "set:user_data.Subject": "{"})
        done = await visit.act("/letter/edit", **change)
        assert "replayed as command 1 of c-1" in done
        view = await visit.store.view(SERVICE, "c-1")
        assert view is not None
        assert view.pending[0].command is not None
        assert view.pending[0].command.model_dump()["user_data"] == {"Subject": "Mended", "Priority": "high"}

    visiting(body)


def test_a_plan_says_what_would_be_done_and_does_nothing(visiting: Visiting) -> None:
    """Of what cannot be read it also says what would come of it."""

    async def body(visit: Visit) -> None:
        await visit.bury("c-1")
        await visit.keep(b'{"id": "9", "delivery": "d"}')
        plan = await visit.act("/letters/plan", service=SERVICE, verb="replay")
        assert "Plan: replay 2 dead letters" in plan
        assert "can be read now" in plan
        assert "Plan: discard 1 dead letter<" in await visit.act(
            "/letters/plan", verb="discard", ids="unread", service=SERVICE
        )
        assert "Nothing fits any more" in await visit.act("/letters/plan", service=SERVICE, cause="ended")
        assert "No service" in await visit.act("/letters/plan", service="nowhere")
        assert len(await visit.store.dead(SERVICE, limit=10)) == 2

    visiting(body)


def test_a_run_shows_how_far_it_is_and_ends(visiting: Visiting) -> None:
    """A replay brings letters back, a discard with its reason gives them up."""

    async def body(visit: Visit) -> None:
        await visit.bury("c-1")
        await visit.keep(b"{")
        assert "letters/" not in await visit.act(
            "/letters/run", service=SERVICE, verb="replay", cause="rejected"
        )
        assert "1 of 1" in await _ended(visit)
        assert "is empty" in await visit.act("/letters/run", service=SERVICE, verb="discard")
        await visit.act("/letters/run", service=SERVICE, verb="discard", reason="told the sender")
        assert "done: 1 of 1" in await _ended(visit)
        assert await visit.store.dead(SERVICE, limit=10) == ()
        assert "Runs begun here" in await visit.look("/letters")

    visiting(body)


def test_a_run_is_stopped_between_two_letters(visiting: Visiting) -> None:
    """What it had not reached stays dead."""

    async def body(visit: Visit) -> None:
        for number in range(30):
            await visit.bury(f"c-{number}")
        await visit.act("/letters/run", service=SERVICE, verb="replay")
        run = visit.console.actions.runs.all()[0]
        assert "Stop" in (await visit.get(f"/runs/{run.id}")).text
        await visit.act(f"/runs/{run.id}/cancel")
        assert "cancelled" in await _ended(visit)
        assert len(await visit.store.dead(SERVICE, limit=100)) > 0

    visiting(body)


def test_what_is_gone_is_said_to_be_gone(visiting: Visiting) -> None:
    """A letter that somebody replayed, a run that nobody knows."""

    async def body(visit: Visit) -> None:
        assert (await visit.get("/letter", **LETTER)).status_code == 404
        assert "no dead letter any more" in await visit.act("/letter/reveal", **LETTER)
        assert "no run" in (await visit.get("/runs/nothing")).text.lower()
        assert "no run" in (await visit.act("/runs/nothing/cancel")).lower()

    visiting(body)
