"""A world acting on decisions and faults."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.behaviour import Behaviour
from sandbox.call import BASE, Call, read_call
from sandbox.document import Document
from sandbox.fault import Fault

if TYPE_CHECKING:
    from tests.sandbox.conftest import Desk

CREATE = Call(service="support", operation="create")
BODY = Document(value={"data": {"externalId": "a"}})


def last(desk: "Desk") -> dict[str, object]:
    """What the audit says of the latest call."""
    shown: dict[str, object] = list(desk.world.audit)[-1].shown()
    return shown


def test_every_call_is_recorded(desk: "Desk") -> None:
    """The audit tells which calls changed something, refused ones included."""
    desk.create()
    desk.create()
    desk.update(changedProperties={"k": 1})
    desk.update(changedProperties={"k": 1})
    desk.get()
    desk.stop()
    desk.stop()
    told = [(one.call.operation, one.status, one.effect) for one in desk.world.audit]
    assert told == [
        ("create", 200, True),
        ("create", 409, False),
        ("update", 200, True),
        ("update", 200, False),
        ("get", 200, False),
        ("stop", 200, True),
        ("stop", 404, False),
    ]


def test_a_record_names_the_interaction(desk: "Desk") -> None:
    """The audit knows the id of the interaction that was found, else the one that was asked for."""
    held = desk.create()[1]["data"]["id"]
    assert last(desk)["interactionId"] == held
    desk.get()
    assert (last(desk)["interactionId"], last(desk)["externalId"]) == (held, "a")
    desk.get("NOBODY")
    assert last(desk)["interactionId"] == "NOBODY"


def test_the_levers_stand_as_configured(make_desk: "Callable[..., Desk]") -> None:
    """Behaviour, rules and script are in force from the first call on; a step counts exactly once."""
    rule, step = Fault(kind="truncate"), Fault(kind="hang", times=0)
    world = make_desk(behaviour=Behaviour(quota=0), faults=(rule,), script=(step,)).world
    assert world.behaviour.quota == 0
    assert [world.faults.strike(CREATE).kind for _ in range(3)] == ["hang", "truncate", "truncate"]


@pytest.mark.parametrize("kind", ["reset_after_commit", "truncate"])
def test_a_lost_answer_is_recorded_with_its_effect(desk: "Desk", kind: str) -> None:
    """A call whose answer is lost took effect, and the audit says with which status."""
    desk.world.perform(CREATE, "KEY", BODY, Fault.model_validate({"kind": kind}))
    record = last(desk)
    assert (record["effect"], record["answered"], record["status"], record["fault"]) == (
        True,
        False,
        200,
        kind,
    )
    assert desk.get()[0] == 200


@pytest.mark.parametrize("kind", ["reset_before", "hang"])
def test_a_call_that_came_to_nothing_is_recorded(desk: "Desk", kind: str) -> None:
    """A call that was cut before it took effect has neither status nor effect."""
    assert desk.world.perform(CREATE, "KEY", BODY, Fault.model_validate({"kind": kind})) is None
    record = last(desk)
    assert (record["effect"], record["answered"], record["status"]) == (False, False, None)
    assert desk.get()[0] == 404


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_status_comes_before_or_after_the_effect(desk: "Desk", after_commit: bool) -> None:  # noqa: FBT001  # a column
    """A 503 may come instead of the effect, or in spite of it."""
    fault = Fault(kind="status", after_commit=after_commit)
    answer = desk.world.perform(CREATE, "KEY", BODY, fault)
    assert answer is not None
    assert (answer.status, last(desk)["effect"]) == (503, after_commit)
    assert desk.get()[0] == (200 if after_commit else 404)


def test_an_agent_may_be_faster(desk: "Desk") -> None:
    """With `agent_finishes` the interaction is gone when the call is judged, whichever id is used."""
    gone = Fault(kind="agent_finishes")
    desk.create()
    assert desk.ask("GET", "support/interactions/ext_a", fault=gone)[0] == 404
    held = desk.create()[1]["data"]["id"]
    assert desk.ask("POST", f"support/interactions/{held}/stop", fault=gone)[0] == 404
    assert desk.ask("GET", "support/interactions/ext_nobody", fault=gone)[0] == 404
    assert desk.ask("POST", "support/interactions", fault=gone)[0] == 200
    desk.create()
    again = desk.ask("POST", "support/interactions", {"data": {"externalId": "a"}}, fault=gone)
    assert again[0] == 200


def test_an_agent_finishes_what_is_live(desk: "Desk") -> None:
    """Finishing works once, and only on what is live."""
    held = desk.create()[1]["data"]["id"]
    finished = desk.world.finish(held)
    assert finished is not None
    assert finished.ended_by == "agent"
    assert (desk.world.finish(held), desk.world.finish("NOBODY")) == (None, None)


def test_answers_carry_a_trace_id(desk: "Desk") -> None:
    """Every answer names its number in the audit as the trace id."""
    answer = desk.world.perform(CREATE, "KEY", BODY)
    assert answer is not None
    assert answer.headers == (("x-b3-traceid", f"{1:032x}"),)


def test_ids_may_be_uuids(desk: "Desk") -> None:
    """With the switch at uuid, ids are UUIDs."""
    assert uuid.UUID(desk.behave(id_style="uuid").create()[1]["data"]["id"]).version == 4


def test_interactions_survive_a_restart(make_desk: "Callable[..., Desk]", tmp_path: Path) -> None:
    """A world with a journal finds its interactions again, and the same seed gives no id twice."""
    first = make_desk(data=tmp_path / "journal.jsonl")
    held = first.create("a")[1]["data"]["id"]
    first.create("b")
    first.update("ext_a", changedProperties={"k": 1})
    first.stop("ext_b")
    first.world.close()
    second = make_desk(data=tmp_path / "journal.jsonl")
    assert second.get("ext_a")[1]["data"]["userData"] == {"k": 1}
    assert second.get("ext_b")[0] == 404
    assert second.create("c")[1]["data"]["id"] != held
    second.world.close()


def test_a_world_without_journal_closes_too(desk: "Desk") -> None:
    """Closing a world that has no journal does nothing."""
    desk.world.close()
    assert desk.get()[0] == 404


def test_calls_are_read_from_the_path_as_sent(desk: "Desk") -> None:
    """An external id with a slash is one id."""
    desk.create("a/b")
    answer = desk.world.perform(read_call("GET", BASE + b"support/interactions/ext_a%2Fb"), "KEY", Document())
    assert answer is not None
    assert answer.status == 200
