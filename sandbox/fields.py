"""The kinds of request body as values: what may stand in them, before anybody asks whether it makes sense."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.behaviour import Behaviour
from sandbox.document import Document
from sandbox.refusal import RefusedError

#: Every name some body may have at its top; tells a body that forgot `data` from one that is merely odd.
_NAMES = frozenset(
    {
        "externalId",
        "parentInteractionId",
        "receivedAt",
        "userData",
        "reasonSystemName",
        "reasonDescription",
        "changedProperties",
        "addedProperties",
        "deletedProperties",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateFields:
    """What a create asks for."""

    external_id: str | None
    parent_id: str | None
    received_at: str | None
    user_data: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateFields:
    """What an update asks for."""

    changed: Mapping[str, object]
    added: Mapping[str, object]
    deleted: tuple[str, ...]


def unwrap(document: Document, behaviour: Behaviour) -> Mapping[str, object]:
    """The fields inside `data`; an absent body has none."""
    if document.flaw is not None:
        raise RefusedError(behaviour.not_json, document.flaw)
    if document.absent:
        return {}
    outer = _object(document.value, "the body")
    if "data" not in outer and behaviour.unwrapped_body == "flat":
        return outer
    if "data" not in outer and behaviour.unwrapped_body == "refuse" and _NAMES & outer.keys():
        raise RefusedError(400, "the fields belong inside data")
    return _object(outer.get("data"), "data")


def create_fields(data: Mapping[str, object]) -> CreateFields:
    """Read a create's fields."""
    external_id = _text(data, "externalId")
    if external_id == "":
        raise RefusedError(400, "externalId is empty")
    return CreateFields(
        external_id=external_id,
        parent_id=_text(data, "parentInteractionId"),
        received_at=_text(data, "receivedAt"),
        user_data=_object(data.get("userData"), "userData"),
    )


def update_fields(data: Mapping[str, object]) -> UpdateFields:
    """Read an update's fields."""
    given = data.get("deletedProperties")
    deleted = [] if given is None else given
    if not isinstance(deleted, list) or not all(isinstance(name, str) for name in deleted):
        raise RefusedError(400, "deletedProperties is not a list of strings")
    return UpdateFields(
        changed=_object(data.get("changedProperties"), "changedProperties"),
        added=_object(data.get("addedProperties"), "addedProperties"),
        deleted=tuple(deleted),
    )


def stop_reason(data: Mapping[str, object]) -> dict[str, str]:
    """Read a stop's fields: the reasons that were given."""
    given = {name: _text(data, name) for name in ("reasonSystemName", "reasonDescription")}
    return {name: text for name, text in given.items() if text is not None}


def _object(value: object, name: str) -> Mapping[str, object]:
    if value is None:  # the reference calls every field optional; null is the other way to leave one out
        return {}
    if not isinstance(value, dict):
        raise RefusedError(400, f"{name} is not an object")
    return value


def _text(data: Mapping[str, object], name: str) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise RefusedError(400, f"{name} is not a string")
    return value
