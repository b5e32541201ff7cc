"""Documents: a request's JSON, read so strictly that nothing later can stumble over it."""

import json
import math
from collections.abc import Sequence
from typing import Any, NoReturn

import orjson

from connectors.hosts.commands.problems import MALFORMED, WRONG_TYPE, Problem
from connectors.nesting import DEPTH, is_too_deep

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})


def check_type(content_type: str, content_encoding: str) -> None:
    """Raise Problem for a body that is not announced as plain JSON in UTF-8 (RFC 8259)."""
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media_type != "application/json":
        raise Problem(WRONG_TYPE, "The Content-Type must be application/json.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "charset" and value.strip('"') not in _CHARSETS:
            raise Problem(WRONG_TYPE, "JSON is sent in UTF-8; say no other charset.")
    if content_encoding.strip().lower() not in {"", "identity"}:
        raise Problem(WRONG_TYPE, "The body must not be compressed; send no Content-Encoding.")


def read(body: bytes) -> dict[str, Any]:
    """Return the object that a body holds. Raises Problem."""
    try:
        document = json.loads(
            body.removeprefix(_BYTE_ORDER_MARK).decode(),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError:
        raise Problem(MALFORMED, "The body is not UTF-8.") from None
    except ValueError as error:
        raise Problem(MALFORMED, f"The body is not strict JSON: {error}.") from None
    if not isinstance(document, dict):
        raise Problem(MALFORMED, "The body must be one JSON object.")
    if is_too_deep(document):
        raise _too_deep()
    try:
        # What could not be said again is refused now: half of a character pair, integers beyond 64 bits.
        orjson.dumps(document)
    except orjson.JSONEncodeError as error:
        raise Problem(MALFORMED, f"The body holds what not every JSON reader takes: {error}.") from None
    return document


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is beyond the range of numbers")
    return number


def _too_deep() -> Problem:
    return Problem(MALFORMED, f"The JSON is nested more than {DEPTH} deep.")
