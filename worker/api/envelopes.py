"""Envelopes: the shapes in which an answer's body may come (contract: what the reference leaves open). Pure.

The reference prints bodies only as `{object}`, so everything is optional and what is not known is ignored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from worker.outcomes import Snapshot

# The contract accepts ids of up to 64 characters.
_ID_CHARACTERS = 64
_NUMBER = re.compile(r"[0-9]{1,3}")


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


@dataclass(frozen=True, slots=True)
class _Fields:
    """An object from outside: nothing comes out without naming its expected type."""

    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        return value if isinstance(value, str) and value else None

    def fields(self, name: str) -> "_Fields | None":
        value = self.values.get(name)
        return _Fields(value) if isinstance(value, dict) else None


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
    return _opened(_Fields(value))


def _looks(body: bytes, content_type: str) -> str:
    start = body.lstrip()[:15].lower()
    if "html" in content_type.lower() or start.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    return "a body that is not JSON"


def _opened(whole: _Fields) -> Envelope:
    status = whole.fields("status")
    speaker = status or whole
    return Envelope(
        code=_code(status.values.get("code")) if status else None,
        message=speaker.text("message") or whole.text("message") or whole.text("error") or "",
        operation_id=whole.text("operationId") or "",
        snapshot=_snapshot(whole.fields("data") or whole, whole),
    )


def _code(value: object) -> int | str | None:
    if isinstance(value, str):
        word = value.strip().upper()
        return int(word) if _NUMBER.fullmatch(word) else word or None
    if value is None or type(value) is int:
        return value
    # A list, true, 4.5: a code that nobody knows, and therefore no success.
    return repr(value)


def _snapshot(fields: _Fields, whole: _Fields) -> Snapshot | None:
    user_data = fields.fields("userData")
    snapshot = Snapshot(
        interaction_id=_interaction_id(fields) or _interaction_id(whole),
        external_id=fields.text("externalId"),
        state=fields.text("state"),
        user_data=user_data.values if user_data else {},
    )
    return None if snapshot == Snapshot() else snapshot


def _interaction_id(fields: _Fields) -> str | None:
    found = fields.text("id") or fields.text("interactionId")
    if found is None or len(found) > _ID_CHARACTERS or not found.isprintable() or found in {".", ".."}:
        # Such an id could not be used in a URL; the external id serves as well.
        return None
    return found
