"""A request body as JSON, or why it is none. Stricter than `json`: what JSON forbids is refused."""

import json
import math
from dataclasses import dataclass

#: Deeper nesting is refused before anything recurses into it.
DEPTH_LIMIT = 64
#: How much of an unreadable body the audit keeps.
_KEPT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A body after the attempt to read it."""

    #: The JSON value, or the beginning of the text if there is none; None for an empty body.
    value: object = None
    #: Why it is not JSON; None if it is.
    flaw: str | None = None
    #: Whether there was no body at all.
    absent: bool = False

    @property
    def external_id(self) -> str | None:
        """The external id the body asks for, whether or not the rest of it is acceptable."""
        data = self.value.get("data") if isinstance(self.value, dict) else None
        found = data.get("externalId") if isinstance(data, dict) else None
        return found if isinstance(found, str) else None


def read_document(raw: bytes) -> Document:
    """Read a body; never raises, because a body that is no JSON must still reach the audit."""
    if not raw.strip():
        return Document(absent=True)
    try:
        text = raw.decode()
        value = _DECODER.decode(text)
        _check_depth(text, value)
        _check_text(raw, value)
    except (ValueError, RecursionError) as error:
        kept = raw[:_KEPT].decode(errors="backslashreplace")
        return Document(value=kept, flaw=f"the body is not JSON: {_reason(error)}")
    return Document(value=value)


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def _check_depth(text: str, value: object) -> None:
    if text.count("{") + text.count("[") <= DEPTH_LIMIT:
        return  # cannot be deep; spares the walk for nearly every body
    level: list[object] = [value]
    for _ in range(DEPTH_LIMIT):
        level = [child for node in level for child in _children(node) if isinstance(child, (dict, list))]
        if not level:
            return
    raise ValueError("nested too deeply")


def _children(node: object) -> list[object]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _check_text(raw: bytes, value: object) -> None:
    if b"\\ud" in raw or b"\\uD" in raw:  # the only way a lone surrogate can get into UTF-8
        json.dumps(value, ensure_ascii=False).encode()
