"""The rules of user data."""

from collections.abc import Mapping

import pytest

from sandbox.behaviour import Behaviour
from sandbox.fields import UpdateFields
from sandbox.properties import RESERVED, accept, merge, packed_size
from sandbox.refusal import RefusedError

USUAL = Behaviour()
OLD = {"a": 1, "b": 2}


def asked(
    changed: Mapping[str, object] | None = None,
    added: Mapping[str, object] | None = None,
    deleted: tuple[str, ...] = (),
) -> UpdateFields:
    """What an update asks for."""
    return UpdateFields(changed=changed or {}, added=added or {}, deleted=deleted)


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (asked(changed={"a": 9}), {"a": 9, "b": 2}),
        (asked(changed={"c": 3}), {"a": 1, "b": 2, "c": 3}),
        (asked(added={"c": 3}), {"a": 1, "b": 2, "c": 3}),
        (asked(added={"a": 9}), {"a": 9, "b": 2}),
        (asked(deleted=("a", "x")), {"b": 2}),
        (asked(changed={"a": 9}, added={"c": 3}, deleted=("a", "c")), {"b": 2}),
    ],
)
def test_an_update_merges(update: UpdateFields, expected: object) -> None:
    """By default changes upsert, additions overwrite, missing deletions are ignored, and deletion wins."""
    assert merge(OLD, update, USUAL) == expected


@pytest.mark.parametrize(
    ("switch", "update"),
    [
        ({"changed_missing": "refuse"}, asked(changed={"c": 3})),
        ({"added_existing": "refuse"}, asked(added={"a": 9})),
        ({"deleted_missing": "refuse"}, asked(deleted=("x",))),
        ({"key_in_two_lists": "refuse"}, asked(changed={"a": 9}, deleted=("a",))),
    ],
)
def test_an_update_may_be_refused(switch: dict[str, str], update: UpdateFields) -> None:
    """With its switch on, what does not fit is a 400; what fits is not."""
    strict = Behaviour.model_validate(switch)
    with pytest.raises(RefusedError) as refused:
        merge(OLD, update, strict)
    assert refused.value.status == 400
    assert merge(OLD, asked(changed={"a": 9}, deleted=("b",)), strict) == {"a": 9}


def test_an_update_may_be_ignored() -> None:
    """With the switches at ignore, what does not fit is left out and the rest applies."""
    lenient = Behaviour(changed_missing="ignore", added_existing="ignore")
    update = asked(changed={"a": 9, "c": 3}, added={"b": 9, "d": 4})
    assert merge(OLD, update, lenient) == {"a": 9, "b": 2, "d": 4}


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_reserved_properties_are_refused(name: str) -> None:
    """A system property is refused at creation and in all three lists."""
    with pytest.raises(RefusedError):
        accept({name: 1}, USUAL)
    for update in (asked(changed={name: 1}), asked(added={name: 1}), asked(deleted=(name,))):
        with pytest.raises(RefusedError):
            merge(OLD, update, USUAL)


def test_reserved_properties_may_be_ignored() -> None:
    """With the switch at ignore, a system property is left out."""
    assert accept({"State": 1, "a": 1}, Behaviour(reserved_properties="ignore")) == {"a": 1}


def test_size_is_utf8_bytes_of_compact_json() -> None:
    """The size counts bytes, not characters, without spaces."""
    assert packed_size({"k": "ü"}) == len('{"k":"ü"}'.encode()) == 10


@pytest.mark.parametrize(("extra", "status"), [(0, None), (1, 400), (1, 413)])
def test_user_data_has_a_limit(extra: int, status: int | None) -> None:
    """16,000 bytes are accepted, one more is not, in creation as in the result of an update."""
    given = {"k": "x" * (16_000 - len('{"k":""}') + extra)}
    behaviour = Behaviour.model_validate({"user_data_over": status or 400})
    if status is None:
        assert accept(given, behaviour) == merge({}, asked(added=given), behaviour) == given
        return
    with pytest.raises(RefusedError) as created:
        accept(given, behaviour)
    with pytest.raises(RefusedError) as updated:
        merge({}, asked(added=given), behaviour)
    assert created.value.status == updated.value.status == status


@pytest.mark.parametrize("value", [None, 1.5, True, [], {"deep": None}])
def test_types_may_be_strict(value: object) -> None:
    """Any JSON is accepted; with the switch at strict only strings, integers and nested objects are."""
    assert accept({"k": value}, USUAL) == {"k": value}
    with pytest.raises(RefusedError):
        accept({"k": value}, Behaviour(user_data_types="strict"))


def test_strict_types_leave_the_usual_ones() -> None:
    """Strings, integers and nested objects of them are always accepted."""
    given = {"s": "x", "i": 1, "o": {"s": "x"}}
    assert accept(given, Behaviour(user_data_types="strict")) == given
