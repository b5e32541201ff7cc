"""The rules of the seven endpoints, told as calls to a world; HTTP has no part in them."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.behaviour import Behaviour
from sandbox.call import Call, Operation
from sandbox.decision import Decision, Facts, decide
from sandbox.document import read_document
from sandbox.moment import utc_now
from sandbox.refusal import RefusedError
from sandbox.state import State

if TYPE_CHECKING:
    from tests.sandbox.conftest import Desk


def test_a_create_shows_the_interaction(desk: "Desk") -> None:
    """A create answers 200 with a new id of 16 characters and what was asked for."""
    status, body = desk.create(
        "a", parentInteractionId="P", receivedAt="2026-01-31T11:00:00+02:00", userData={"k": 1}
    )
    shown = body["data"]
    assert (status, body["status"]) == (200, {"code": 0, "message": "OK"})
    assert len(shown.pop("id")) == 16
    assert shown == {
        "externalId": "a",
        "parentInteractionId": "P",
        "mediaType": "openmedia",
        "state": "active",
        "receivedAt": "2026-01-31T09:00:00Z",
        "userData": {"k": 1},
    }


def test_a_create_without_receivedat_is_received_now(desk: "Desk") -> None:
    """Without receivedAt the sandbox's own time stands."""
    assert desk.create()[1]["data"]["receivedAt"] == "2026-01-31T09:30:00Z"


@pytest.mark.parametrize("body", [None, {}, {"data": {}}, {"externalId": "a"}])
def test_a_create_without_external_id_is_new_each_time(desk: "Desk", body: object) -> None:
    """A create with no external id inside `data` gives another interaction each time."""
    answers = [desk.ask("POST", "support/interactions", body) for _ in range(2)]
    assert [status for status, _ in answers] == [200, 200]
    assert answers[0][1]["data"]["externalId"] is None
    assert answers[0][1]["data"]["id"] != answers[1][1]["data"]["id"]


def test_an_external_id_may_be_required(desk: "Desk") -> None:
    """With the switch at refuse, a create without external id is a 400."""
    assert desk.behave(create_without_external_id="refuse").ask("POST", "support/interactions")[0] == 400


def test_a_live_external_id_is_a_conflict(desk: "Desk") -> None:
    """A second create with a live external id is a 409, which by default does not name the first."""
    desk.create()
    assert desk.create() == (
        409,
        {"status": {"code": 409, "message": "an interaction with this externalId exists"}},
    )


def test_a_conflict_may_name_the_holder(desk: "Desk") -> None:
    """With the switch on, the 409 holds the existing id."""
    held = desk.create()[1]["data"]["id"]
    assert desk.behave(conflict_shows_id=True).create()[1]["data"] == {"id": held}


def test_creates_may_race(desk: "Desk") -> None:
    """By switch both of two are accepted, for a second; the external id leads to the newer one."""
    desk.behave(racing_creates="both")
    ids = [desk.create()[1]["data"]["id"] for _ in range(2)]
    assert len(set(ids)) == 2
    assert desk.get()[1]["data"]["id"] == ids[1]
    desk.world.clock.offset_s = 1
    assert desk.create()[0] == 409
    assert [desk.stop(each)[0] for each in ids] == [200, 200]
    assert desk.create()[0] == 200


def test_another_service_may_use_the_external_id(desk: "Desk") -> None:
    """External ids are per service, unless the switch makes them the tenant's."""
    body = {"data": {"externalId": "a"}}
    desk.create()
    assert desk.ask("POST", "sales/interactions", body, key="SALES")[0] == 200
    desk.create("b")
    desk.behave(conflict_scope="tenant")
    body = {"data": {"externalId": "b"}}
    assert desk.ask("POST", "sales/interactions", body, key="SALES")[0] == 409
    assert desk.create("c")[0] == 200


@pytest.mark.parametrize(
    ("switches", "offset_s", "status"),
    [
        ({}, 0, 200),
        ({"create_after_stop": "conflict"}, 1e6, 409),
        ({"create_after_stop": "conflict", "conflict_for_s": 60}, 59, 409),
        ({"create_after_stop": "conflict", "conflict_for_s": 60}, 60, 200),
    ],
)
def test_a_create_after_a_stop(desk: "Desk", switches: dict[str, Any], offset_s: float, status: int) -> None:
    """After a stop the external id is free at once; by switch never, or after some seconds."""
    desk.behave(**switches).create()
    desk.stop()
    desk.world.clock.offset_s = offset_s
    assert desk.create()[0] == status


def test_a_quota_is_another_conflict(desk: "Desk") -> None:
    """Over its quota a service answers 409 although nobody holds the external id."""
    desk.behave(quota=1).create("a")
    assert desk.create("b")[0] == 409
    assert desk.get("ext_b")[0] == 404
    desk.stop("ext_a")
    assert desk.create("b")[0] == 200


def test_parents_may_have_to_exist(desk: "Desk") -> None:
    """Any parent is accepted; with the switch at refuse, only one of the same service."""
    assert desk.create("a", parentInteractionId="nobody")[0] == 200
    known = desk.create("b")[1]["data"]["id"]
    foreign = desk.ask("POST", "sales/interactions", key="SALES")[1]["data"]["id"]
    desk.behave(unknown_parent="refuse")
    assert [desk.create(f"c{n}", parentInteractionId=p)[0] for n, p in enumerate(["x", known, foreign])] == [
        404,
        200,
        404,
    ]


def test_nonsense_times_are_refused(desk: "Desk") -> None:
    """A receivedAt that is no moment is a 400; with the switch at accept it is kept as it is."""
    assert desk.create(receivedAt="yesterday")[0] == 400
    assert (
        desk.behave(bad_received_at="accept").create(receivedAt="yesterday")[1]["data"]["receivedAt"]
        == "yesterday"
    )


def test_both_ids_lead_to_the_interaction(desk: "Desk") -> None:
    """Get, update and stop work by either id."""
    held = desk.create()[1]["data"]["id"]
    assert desk.get("ext_a") == desk.get(held)
    assert desk.update(held, changedProperties={"k": 1})[1]["data"]["userData"] == {"k": 1}
    assert desk.stop(held)[1]["data"]["state"] == "stopped"


def test_interactions_of_other_services_are_not_found(desk: "Desk") -> None:
    """An interaction is invisible from another service."""
    held = desk.create()[1]["data"]["id"]
    for target in ("ext_a", held):
        assert desk.ask("GET", f"sales/interactions/{target}", key="SALES")[0] == 404


def test_a_stop_ends_it(desk: "Desk") -> None:
    """After a stop, everything but a new create is a 404."""
    held = desk.create()[1]["data"]["id"]
    assert desk.stop(reasonSystemName="done", reasonDescription="")[0] == 200
    ended = desk.world.state.by_id(held)
    assert ended is not None
    assert ended.reason == {"reasonSystemName": "done", "reasonDescription": ""}
    for target in ("ext_a", held):
        assert [desk.get(target)[0], desk.stop(target)[0], desk.update(target)[0]] == [404, 404, 404]


def test_an_ended_interaction_may_be_shown(desk: "Desk") -> None:
    """With the switch at shown, a get and a second stop answer 200 with a state, an update still 404."""
    desk.behave(after_stop="shown").create()
    desk.stop()
    assert desk.get()[1]["data"]["state"] == "stopped"
    assert (desk.stop()[0], desk.update()[0]) == (200, 404)


def test_a_stop_needs_no_body(desk: "Desk") -> None:
    """A stop without a body is fine, one with an odd body is not."""
    desk.create()
    assert desk.ask("POST", "support/interactions/ext_a/stop", [])[0] == 400
    assert desk.ask("POST", "support/interactions/ext_a/stop")[0] == 200


def test_an_update_needs_a_body(desk: "Desk") -> None:
    """An update without a body is a 400; one that asks for nothing is a 200."""
    desk.create()
    assert desk.ask("POST", "support/interactions/ext_a/update")[0] == 400
    assert desk.ask("POST", "support/interactions/ext_a/update", {})[0] == 200


@pytest.mark.parametrize("key", [None, "", "WRONG", "SALES"])
def test_keys_that_do_not_open_the_service(desk: "Desk", key: str | None) -> None:
    """Without a key of this very service the answer is 401, whatever else is wrong."""
    assert desk.ask("GET", "support/interactions/ext_a", key=key)[0] == 401


def test_every_key_of_a_service_opens_it(desk: "Desk") -> None:
    """A service may have several keys, so that one can be replaced."""
    assert desk.ask("GET", "support/interactions/ext_a", key="OLD")[0] == 404


@pytest.mark.parametrize(
    ("bad_key", "status", "body"), [("403", 403, b"code"), ("empty", 401, b""), ("html", 401, b"<html>")]
)
def test_bad_keys_may_be_told_otherwise(desk: "Desk", bad_key: str, status: int, body: bytes) -> None:
    """A bad key may also be a 403, or a 401 without a body or with a page."""
    found, answer = desk.behave(bad_key=bad_key).ask("GET", "support/interactions/ext_a", key="WRONG")
    assert found == status
    assert body in (answer if isinstance(answer, bytes) else str(answer).encode())


def test_unknown_services(desk: "Desk") -> None:
    """A service that is not configured is a 404, or a 400, to who has a key, and a 401 to who has none."""
    assert desk.ask("GET", "other/interactions/ext_a", key="SALES")[0] == 404
    assert desk.ask("GET", "other/interactions/ext_a", key="WRONG")[0] == 401
    assert desk.behave(unknown_service=400).ask("GET", "other/interactions/ext_a")[0] == 400


def test_unreadable_paths(desk: "Desk") -> None:
    """A path that is not UTF-8 is a 400."""
    assert desk.get("ext_%FF")[0] == 400


def test_bodies_that_are_not_json(desk: "Desk") -> None:
    """A body that is not JSON is a 400 with the error envelope."""
    status, body = desk.ask("POST", "support/interactions", b"{")
    assert (status, body["status"]["code"]) == (400, 400)


def test_nothing_changes_by_deciding(make_desk: "Callable[..., Desk]") -> None:
    """A decision says what would become; the state stays as it was until somebody acts."""
    state = State()
    facts = Facts(
        state=state,
        services=make_desk().world.services,
        behaviour=Behaviour(),
        now=utc_now(),
        fresh_id="0A",
    )
    decision = decide(Call(service="support", operation="create"), "KEY", read_document(b""), facts)
    assert decision.becomes == decision.result
    assert list(state) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["externalId", "parentInteractionId", "receivedAt", "userData", "changedProperties", "deletedProperties"]
)


@given(data=st.dictionaries(NAMES, JSON, max_size=6), operation=st.sampled_from(["create", "update", "stop"]))
def test_any_json_is_accepted_or_refused(data: dict[str, object], operation: Operation) -> None:
    """Whatever JSON stands in the fields, the decision is an interaction or a 4xx, never an exception."""
    facts = Facts(
        state=State(), services={"s": frozenset({"k"})}, behaviour=Behaviour(), now=utc_now(), fresh_id="0A"
    )
    call = Call(service="s", operation=operation, external_id=None if operation == "create" else "a")
    document = read_document(json.dumps({"data": data}).encode())
    decision = decide(call, "k", document, facts)
    assert isinstance(decision, Decision)
    if isinstance(decision.result, RefusedError):
        assert 400 <= decision.result.status < 500
