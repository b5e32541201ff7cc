"""Everything a person can do, and that a viewer can do none of it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bridge.operator import operator
from console import actions as actions_
from console.actions import ROLES, Actions, UnknownChannel
from console.choice import TooMuch
from console.people import NotAllowed, Person, Role
from console.reason import NoReason
from console.runs import State
from console.stops import Stops
from worker.commands import Create
from worker.deadletters import Filter
from worker.errors import UnknownService
from worker.lanes import Partition
from worker.letters import Unreadable
from worker.wiring import utc_now

if TYPE_CHECKING:
    from tests.console.conftest import Console, House

VIEWER = Person("vic", Role.VIEWER, "account")
OPERATOR = Person("ann", Role.OPERATOR, "oidc")


async def _always() -> bool:
    return True


def _no_matter() -> None:
    pass


_ROUND: dict[str, Any] = {"proceed": _always, "advance": _no_matter}
#: Each action, as somebody tries it.
TRIES: dict[str, Callable[[Actions, Person], Awaitable[Any]]] = {
    "pause-service": lambda actions, who: actions.pause_service(who, "support", reason="x"),
    "resume-service": lambda actions, who: actions.resume_service(who, "support"),
    "retry-now": lambda actions, who: actions.retry_now(who, "support"),
    "pause-channel": lambda actions, who: actions.pause_channel(who, "tickets", reason="x"),
    "resume-channel": lambda actions, who: actions.resume_channel(who, "tickets"),
    "replay": lambda actions, who: actions.start_replay(who, "support", Filter(), everything=True),
    "replay in one call": lambda actions, who: actions.replay(who, "support", (), **_ROUND),
    "edit": lambda actions, who: actions.edit(who, "support", "x", unsets=["user_data"]),
    "discard": lambda actions, who: actions.start_discard(
        who, "support", Filter(), reason="x", everything=True
    ),
    "discard in one call": lambda actions, who: actions.discard(who, "support", (), reason="x", **_ROUND),
    "cancel-run": lambda actions, who: actions.cancel_run(who, "x"),
    "sweep": lambda actions, who: actions.sweep(who, "support"),
    "pause-sweeps": lambda actions, who: actions.pause_sweeps(who, "support", reason="x"),
    "resume-sweeps": lambda actions, who: actions.resume_sweeps(who, "support"),
    "test-call": lambda actions, who: actions.test_call(who, "support"),
    "send-test": lambda actions, who: actions.send_test(who, "x"),
    "end-visits": lambda actions, who: actions.end_visits(who, "ann", reason="x"),
    "reveal": lambda actions, who: actions.reveal(who, "support/c-1"),
}


def test_every_action_is_tried_here() -> None:
    """A new one cannot be forgotten below."""
    assert {name.removesuffix(" in one call") for name in TRIES} == set(ROLES)
    assert min(ROLES.values()) > Role.VIEWER


@pytest.mark.parametrize("name", TRIES)
def test_a_viewer_can_do_none_of_it(house: "House", name: str) -> None:
    """It is refused and recorded, and nothing has changed."""

    async def body(console: "Console") -> None:
        before = await _state(console)
        with pytest.raises(NotAllowed, match="vic is a viewer"):
            await TRIES[name](console.actions, VIEWER)
        (deed,) = await console.bridge.store.deeds(limit=9)
        assert (deed.person, deed.outcome, deed.action) == (
            "vic",
            "refused",
            name.removesuffix(" in one call"),
        )
        assert await _state(console) == before
        assert console.actions.runs.all() == ()

    house.hosts(body)
    assert house.rung == []


async def _state(console: "Console") -> list[Any]:
    store, partition = console.bridge.store, Partition("support", 0)
    backlog = await store.backlog(partition, now=utc_now())
    return [backlog.paused, await store.paused_channels(), await store.sweeps_paused("support")]


def test_what_an_operator_does_is_done_and_bears_their_name(house: "House") -> None:
    """With the reason they gave."""

    async def body(console: "Console") -> None:
        actions, store = console.actions, console.bridge.store
        await actions.pause_service(OPERATOR, "support", reason="maintenance")
        await actions.pause_channel(OPERATOR, "tickets", reason="a flood")
        await actions.pause_sweeps(OPERATOR, "support", reason="a doubt")
        assert await _state(console) == ["maintenance", {"tickets": "a flood"}, "a doubt"]
        before, rung = await actions.resume_service(OPERATOR, "support")
        assert (before.because, rung) == ("maintenance", True)
        assert await actions.resume_channel(OPERATOR, "tickets") == Stops(paused="a flood")
        assert await actions.resume_channel(OPERATOR, "tickets") == Stops()
        assert await actions.resume_sweeps(OPERATOR, "support") == "a doubt"
        assert await _state(console) == ["", {}, ""]
        assert await actions.retry_now(OPERATOR, "support") == (0, True)
        assert (await actions.sweep(OPERATOR, "support")).by == "person"
        assert not (await actions.test_call(OPERATOR, "support")).fine
        deeds = await store.deeds(limit=99)
        assert {each.person for each in deeds} == {"ann"}
        assert {each.action: each.detail for each in deeds}["pause-service"] == "maintenance"
        assert "cannot be reached" in {each.action: each.outcome for each in deeds}["test-call"]

    house.hosts(body)
    assert house.rung == [Partition("support", 0)] * 2


def test_a_held_channel_is_let_go_and_rung_for(house: "House", monkeypatch: pytest.MonkeyPatch) -> None:
    """A hold is no pause, and the record says which of them it was."""
    monkeypatch.setattr(actions_, "HEARD_AFTER_S", 0)

    async def body(console: "Console") -> None:
        actions, store = console.actions, console.bridge.store
        await actions.pause_channel(OPERATOR, "tickets", reason="a mapping", hold=True)
        assert (await store.paused_channels(), await store.held_channels()) == ({}, {"tickets": "a mapping"})
        assert await actions.resume_channel(OPERATOR, "tickets") == Stops(held="a mapping")
        assert await store.held_channels() == {}
        details = {each.action: each.detail for each in await store.deeds(limit=9)}
        assert details == {"pause-channel": "held: a mapping", "resume-channel": ""}

    house.hosts(body)
    assert house.rung == [Partition("support", 0)]


def test_what_does_not_exist_is_named(house: "House") -> None:
    """And the attempt is recorded as failed."""

    async def body(console: "Console") -> None:
        actions = console.actions
        with pytest.raises(UnknownService, match="no service 'other' is configured; there is: sales"):
            await actions.pause_service(OPERATOR, "other", reason="x")
        with pytest.raises(UnknownChannel, match="no channel 'other' is configured; there is: tickets"):
            await actions.resume_channel(OPERATOR, "other")
        with pytest.raises(NoReason):
            await actions.pause_service(OPERATOR, "support", reason=" ")
        with pytest.raises(TooMuch):
            await actions.start_replay(OPERATOR, "support", Filter())
        outcomes = [each.outcome for each in await console.bridge.store.deeds(limit=9)]
        assert [each.partition(":")[0] for each in outcomes] == ["failed"] * 3

    house.hosts(body)


def test_a_bulk_discard_is_planned_watched_and_recorded(house: "House") -> None:
    """The letters stand in the log by id, what became of them in numbers."""

    async def body(console: "Console") -> None:
        for number in range(3):
            await console.bridge.store.keep(_letter(number))
        chosen = await console.actions.plan("support", Filter(channel="tickets"))
        assert [each.id for each in chosen.letters] == [f"{number:032}" for number in range(3)]
        run = await console.actions.start_discard(
            OPERATOR, "support", Filter(channel="tickets"), reason="a test run"
        )
        await run.wait()
        assert (run.state, run.done, run.total) == (State.DONE, 3, 3)
        assert await console.bridge.store.dead("support", limit=9) == ()
        (deed,) = await console.bridge.store.deeds(limit=9)
        assert (deed.action, deed.outcome) == ("discard", "done: 3 of 3")
        assert deed.detail.startswith("a test run (3 unreadable: 0000")

    house.hosts(body)


def test_a_replay_reads_again_and_keeps_what_it_cannot(house: "House") -> None:
    """A foreseen replay says the same and changes nothing."""

    async def body(console: "Console") -> None:
        actions = console.actions
        await console.bridge.store.keep(_letter(1, b'{"id": "c-1", "delivery": "d-1"}'))
        await console.bridge.store.keep(_letter(2, b"no JSON"))
        letters = (await actions.plan("support", Filter(channel="tickets"))).letters
        foreseen = await actions.foresee(letters)
        assert [each.fate for each in foreseen] == ["done", "kept"]
        assert len(await console.bridge.store.dead("support", limit=9)) == 2
        done = await actions.replay(OPERATOR, "support", letters, **_ROUND)
        assert (done.summary, done.complete) == ("done: 1, kept: 1 of 2", False)
        told = done.happened[0].text.removeprefix("command 1 of ")
        view = await console.bridge.store.view("support", told)
        assert view is not None
        assert isinstance(view.pending[0].command, Create)

    house.hosts(body)


def test_a_terminal_bears_its_users_name() -> None:
    """Whoever has the settings and the store at hand may do everything."""
    person = operator()
    assert (person.role, person.how) == (Role.ADMIN, "terminal")
    assert person.name


def _letter(number: int, body: bytes = b"{}") -> Unreadable:
    return Unreadable(
        id=f"{number:032}",
        service="support",
        channel="tickets",
        reason="?",
        arrived_at=utc_now() + timedelta(milliseconds=number),
        body=body,
    )
