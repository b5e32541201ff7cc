"""Bodies as values."""

import pytest

from sandbox.behaviour import Behaviour
from sandbox.document import Document
from sandbox.fields import create_fields, stop_reason, unwrap, update_fields
from sandbox.refusal import RefusedError

USUAL = Behaviour()


@pytest.mark.parametrize(
    ("value", "expected"),
    [({"data": {"externalId": "a"}}, {"externalId": "a"}), ({"data": None}, {}), ({"externalId": "a"}, {})],
)
def test_fields_come_from_data(value: object, expected: object) -> None:
    """Only what stands inside `data` counts; the rest is as if it were not there."""
    assert unwrap(Document(value=value), USUAL) == expected


def test_no_body_has_no_fields() -> None:
    """An absent body is an empty one."""
    assert unwrap(Document(absent=True), USUAL) == {}


@pytest.mark.parametrize("value", [None, [], "text", 1, {"data": []}, {"data": "text"}])
def test_odd_bodies_are_refused(value: object) -> None:
    """A body, or `data`, that is no object is a 400; a body of `null` too has no `data`."""
    if value is None:
        assert unwrap(Document(value=value), USUAL) == {}
        return
    with pytest.raises(RefusedError) as refused:
        unwrap(Document(value=value), USUAL)
    assert refused.value.status == 400


@pytest.mark.parametrize("status", [400, 415])
def test_no_json_is_refused(status: int) -> None:
    """A body that is not JSON is refused with the behaviour's status."""
    with pytest.raises(RefusedError) as refused:
        unwrap(Document(flaw="broken"), Behaviour.model_validate({"not_json": status}))
    assert refused.value.status == status


def test_unwrapped_bodies_may_count() -> None:
    """With the switch at flat, a body without `data` is read as if wrapped."""
    flat = Behaviour(unwrapped_body="flat")
    assert unwrap(Document(value={"externalId": "a"}), flat) == {"externalId": "a"}
    assert unwrap(Document(value={"data": {"externalId": "a"}}), flat) == {"externalId": "a"}


def test_unwrapped_bodies_may_be_refused() -> None:
    """With the switch at refuse, known fields outside `data` are a 400; unknown ones are not."""
    strict = Behaviour(unwrapped_body="refuse")
    with pytest.raises(RefusedError):
        unwrap(Document(value={"externalId": "a"}), strict)
    assert unwrap(Document(value={"other": 1}), strict) == {}


def test_a_create_may_ask_for_nothing() -> None:
    """Every field of a create is optional, and null leaves one out."""
    assert create_fields({}) == create_fields({"externalId": None, "userData": None})


@pytest.mark.parametrize(
    "data",
    [
        {"externalId": 1},
        {"externalId": ""},
        {"parentInteractionId": []},
        {"receivedAt": {}},
        {"userData": []},
    ],
)
def test_odd_creates_are_refused(data: dict[str, object]) -> None:
    """A field of the wrong type is a 400."""
    with pytest.raises(RefusedError):
        create_fields(data)


def test_an_update_names_three_lists() -> None:
    """The three lists are read, each optional."""
    fields = update_fields(
        {"changedProperties": {"a": 1}, "addedProperties": {"b": 2}, "deletedProperties": ["c"]}
    )
    assert (fields.changed, fields.added, fields.deleted) == ({"a": 1}, {"b": 2}, ("c",))
    assert update_fields({"deletedProperties": None}) == update_fields({})


@pytest.mark.parametrize("deleted", ["c", [1], {}, 0, ""])
def test_odd_updates_are_refused(deleted: object) -> None:
    """The field deletedProperties is a list of strings or nothing."""
    with pytest.raises(RefusedError):
        update_fields({"deletedProperties": deleted})


def test_a_stop_may_give_reasons() -> None:
    """The reasons given are kept, the others left out."""
    assert stop_reason({"reasonSystemName": "done"}) == {"reasonSystemName": "done"}
