"""Envelopes: the shapes in which an answer's body may come (contract: what the reference leaves open). Pure.

The reference prints bodies only as `{object}`, so everything is optional and what is not known is ignored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from worker.outcomes import Snapshot

# The contract accepts ids of up to 64 characters.
_ID_CHARACTERS = 64
_NUMBER = re.compile(r"[0-9]{1,3}")
_NOTHING = Snapshot()

#: An object from outside: nothing is taken from it without its expected type.
_Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a body said, whatever its shape."""

    #: `status.code`: a number, upper-case words, or None where the body carries none.
    code: int | str | None = None
    message: str = ""
    #: The family's correlation id inside the body.
    operation_id: str = ""
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Garbage:
    """A body that says nothing that can be relied upon."""

    #: What it was, in a few words.
    looks: str


def _text(values: _Values, name: str) -> str | None:
    """Return what stands under a name; None where that is no text, or an empty one."""
    value = values.get(name)
    return value if isinstance(value, str) and value else None


def _object(values: _Values, name: str) -> _Values | None:
    """Return what stands under a name; None where that is no object."""
    value = values.get(name)
    return value if isinstance(value, dict) else None


def unwrap(body: bytes | None, *, content_type: str = "") -> Envelope | Garbage:
    """Return what the body says; None stands for a body too long to be read.

    An empty body is an envelope that says nothing: the contract allows it as success and as error.
    """
    if body is None:
        return Garbage("a body that is too long")
    if not body.strip():
        return Envelope()
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Garbage(_looks(body, content_type))
    if not isinstance(value, dict):
        return Garbage("JSON that is not an object")
    return _opened(value)


def _looks(body: bytes, content_type: str) -> str:
    start = body.lstrip()[:15].lower()
    if "html" in content_type.lower() or start.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    return "a body that is not JSON"


def _opened(whole: _Values) -> Envelope:
    status = _object(whole, "status")
    said = status and _text(status, "message")
    return Envelope(
        code=_code(status.get("code")) if status else None,
        message=said or _text(whole, "message") or _text(whole, "error") or "",
        operation_id=_text(whole, "operationId") or "",
        snapshot=_snapshot(_object(whole, "data") or whole, whole),
    )


def _code(value: object) -> int | str | None:
    if isinstance(value, str):
        word = value.strip().upper()
        return int(word) if _NUMBER.fullmatch(word) else word or None
    if value is None or type(value) is int:
        return value
    # A list, true, 4.5: a code that nobody knows, and therefore no success.
    return repr(value)


def _snapshot(values: _Values, whole: _Values) -> Snapshot | None:
    snapshot = Snapshot(
        interaction_id=_interaction_id(values) or _interaction_id(whole),
        external_id=_text(values, "externalId"),
        state=_text(values, "state"),
        user_data=_object(values, "userData") or {},
    )
    return None if snapshot == _NOTHING else snapshot


def _interaction_id(values: _Values) -> str | None:
    found = _text(values, "id") or _text(values, "interactionId")
    if found is None or len(found) > _ID_CHARACTERS or not found.isprintable() or found in {".", ".."}:
        # Such an id could not be used in a URL; the external id serves as well.
        return None
    return found
