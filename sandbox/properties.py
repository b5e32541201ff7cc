"""The rules of user data: reserved names, types, size, and how an update merges into what is there."""

import json
from collections.abc import Collection, Mapping

from sandbox.behaviour import Behaviour
from sandbox.fields import UpdateFields
from sandbox.refusal import RefusedError

#: System properties that share the flat namespace of user data and belong to Interaction Server.
RESERVED = frozenset(
    {
        "InteractionId",
        "ParentId",
        "TenantId",
        "MediaType",
        "InteractionType",
        "InteractionSubtype",
        "Queue",
        "State",
        "IsOnline",
        "IsHeld",
        "IsLocked",
        "Workbin",
        "SubmittedBy",
        "ReceivedAt",
        "SubmittedAt",
    }
)


def accept(given: Mapping[str, object], behaviour: Behaviour) -> Mapping[str, object]:
    """The user data a create may start with."""
    kept = _without_reserved(given, behaviour)
    _check_types(kept, behaviour)
    _check_size(kept, behaviour)
    return kept


def merge(old: Mapping[str, object], asked: UpdateFields, behaviour: Behaviour) -> Mapping[str, object]:
    """The user data after an update."""
    changed = _without_reserved(asked.changed, behaviour)
    added = _without_reserved(asked.added, behaviour)
    deleted = frozenset(_without_reserved(dict.fromkeys(asked.deleted), behaviour))
    _check_lists(changed, added, deleted, behaviour=behaviour)
    _check_keys(
        "changedProperties", changed.keys() - old.keys(), refuse=behaviour.changed_missing == "refuse"
    )
    _check_keys("addedProperties", added.keys() & old.keys(), refuse=behaviour.added_existing == "refuse")
    _check_keys("deletedProperties", deleted - old.keys(), refuse=behaviour.deleted_missing == "refuse")
    if behaviour.changed_missing == "ignore":
        changed = {name: value for name, value in changed.items() if name in old}
    if behaviour.added_existing == "ignore":
        added = {name: value for name, value in added.items() if name not in old}
    _check_types(changed, behaviour)
    _check_types(added, behaviour)
    merged = {name: value for name, value in {**old, **changed, **added}.items() if name not in deleted}
    _check_size(merged, behaviour)
    return merged


def _without_reserved(given: Mapping[str, object], behaviour: Behaviour) -> Mapping[str, object]:
    reserved = RESERVED & given.keys()
    if not reserved:
        return given
    if behaviour.reserved_properties == "refuse":
        raise RefusedError(400, f"reserved property: {min(reserved)}")
    return {name: value for name, value in given.items() if name not in reserved}


def _check_lists(*lists: Collection[str], behaviour: Behaviour) -> None:
    distinct = {name for names in lists for name in names}
    if behaviour.key_in_two_lists == "refuse" and len(distinct) != sum(map(len, lists)):
        raise RefusedError(400, "one property is in two of the three lists")


def _check_keys(where: str, odd: Collection[str], *, refuse: bool) -> None:
    if odd and refuse:
        raise RefusedError(400, f"{where} does not fit what is there: {min(odd)}")


def _check_types(given: Mapping[str, object], behaviour: Behaviour) -> None:
    if behaviour.user_data_types == "any":
        return
    for name, value in given.items():
        if isinstance(value, dict):
            _check_types(value, behaviour)
        elif isinstance(value, bool) or not isinstance(value, (str, int)):
            raise RefusedError(400, f"property {name} is neither a string, an integer nor an object")


def _check_size(user_data: Mapping[str, object], behaviour: Behaviour) -> None:
    size = packed_size(user_data)
    if size > behaviour.user_data_limit:
        message = f"userData takes {size} bytes of {behaviour.user_data_limit}"
        raise RefusedError(behaviour.user_data_over, message)


def packed_size(user_data: Mapping[str, object]) -> int:
    """How many UTF-8 bytes user data takes as compact JSON."""
    return len(json.dumps(user_data, ensure_ascii=False, separators=(",", ":")).encode())
