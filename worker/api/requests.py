"""Requests: what an operation looks like on the wire (reference: the seven endpoints). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, assert_never
from urllib.parse import quote

import orjson

from worker.operations import (
    ByExternalId,
    CreateInteraction,
    GetInteraction,
    Operation,
    PostEvent,
    Reference,
    StopInteraction,
    UpdateInteraction,
)

#: Times as the reference prints them: `2026-11-23T12:00:00Z`.
_TIMES: Final = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request without its headers, which belong to the service and not to the operation."""

    method: str
    #: The path, as it is sent (RFC 9112, section 3.2.1).
    target: str
    #: JSON, or None where the reference allows an empty body and there is nothing to say.
    body: bytes | None = None


def collection_path(path: str, service: str) -> str:
    """Return the path of a service's interactions, below the API's own: the part that never changes."""
    return f"{path}/openmedia/{_segment(service)}/interactions"


def build(operation: Operation, collection: str) -> Request:
    """Return the request that carries out the operation on the interactions at the path `collection`.

    Raises:
        ValueError: No request can say this: a value that JSON has no form for, or an id that cannot stand in
            a path. The text is one sentence fit for a person.
    """
    match operation:
        case CreateInteraction():
            return Request("POST", collection, _body(_creation(operation)))
        case GetInteraction():
            return Request("GET", f"{collection}/{_addressed(operation.reference)}")
        case StopInteraction():
            target = f"{collection}/{_addressed(operation.reference)}/stop"
            return Request("POST", target, _body(_reasons(operation)))
        case UpdateInteraction():
            target = f"{collection}/{_addressed(operation.reference)}/update"
            # The reference requires a body here, so even nothing to change is said.
            return Request("POST", target, _json({"data": _changes(operation)}))
        case PostEvent():
            raise ValueError("an event is for a subscriber and not for the Open Media API")
        case _:  # pragma: no cover - mypy proves it unreachable
            assert_never(operation)


def _creation(operation: CreateInteraction) -> dict[str, Any]:
    received_at = operation.received_at
    return _set_fields(
        {
            "externalId": operation.external_id,
            "parentInteractionId": operation.parent_interaction_id,
            "receivedAt": None if received_at is None else _in_utc(received_at),
            "userData": dict(operation.user_data) or None,
        }
    )


def _changes(operation: UpdateInteraction) -> dict[str, Any]:
    return _set_fields(
        {
            "changedProperties": dict(operation.changed) or None,
            "addedProperties": dict(operation.added) or None,
            "deletedProperties": list(operation.deleted) or None,
        }
    )


def _reasons(operation: StopInteraction) -> dict[str, Any]:
    return _set_fields(
        {
            "reasonSystemName": operation.reason_system_name,
            "reasonDescription": operation.reason_description,
        }
    )


def _set_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _body(data: Mapping[str, Any]) -> bytes | None:
    return _json({"data": data}) if data else None


def _json(value: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(value, option=_TIMES)
    except orjson.JSONEncodeError as error:
        raise ValueError(f"the request cannot be written as JSON: {error}") from error


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("receivedAt has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("receivedAt lies outside the years 1 to 9999 in UTC") from error


def _addressed(reference: Reference) -> str:
    if isinstance(reference, ByExternalId):
        return f"ext_{_segment(reference.value)}"
    if reference.value in {"", ".", ".."}:
        # Dots are unreserved: encoding cannot keep them from being read as steps through the path.
        raise ValueError(f"{reference.value!r} cannot be an interaction id: it would change the path")
    return _segment(reference.value)


def _segment(text: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise ValueError("an id holds half of a character pair, which no URL can carry") from error
