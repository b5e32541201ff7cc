"""Documents: the JSON of a delivery, read strictly enough that nothing later can stumble over it."""

import orjson
from pydantic import JsonValue

from connectors.base import UnreadableDelivery

#: How many arrays and objects may stand inside one another.
DEPTH = 32

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read(body: bytes) -> JsonValue:
    """Return the document. Raises UnreadableDelivery with the reason.

    Refused is what is not JSON in UTF-8 (NaN and lone surrogates are not), what is nested too deeply, and an
    object in which a key stands twice: whoever signed it may have meant the value that we would not see.
    """
    try:
        document: JsonValue = orjson.loads(body.removeprefix(_BYTE_ORDER_MARK))
    except orjson.JSONDecodeError as error:
        raise UnreadableDelivery(
            f"the body is not JSON in UTF-8: {error.msg} (position {error.pos})"
        ) from error
    # So few brackets cannot be too deep; most deliveries need no walk.
    if body.count(b"[") + body.count(b"{") > DEPTH:
        _refuse_deep(document)
    # Of a key that stands twice the reader keeps the last value, and so loses at least one string.
    if _strings(body) != _strings(orjson.dumps(document)):
        raise UnreadableDelivery("a key stands twice in one object of the JSON")
    return document


def _strings(json: bytes) -> int:
    """Return twice the number of strings in valid JSON: its quotation marks less those inside strings."""
    if b"\\" not in json:
        return json.count(b'"')
    unpaired = json.replace(b"\\\\", b"")
    return unpaired.count(b'"') - unpaired.count(b'\\"')


def _refuse_deep(document: JsonValue) -> None:
    level = [document]
    for _ in range(DEPTH):
        level = [child for value in level for child in _children(value)]
    if any(isinstance(value, (dict, list)) for value in level):
        raise UnreadableDelivery(f"the JSON is nested more than {DEPTH} deep")


def _children(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
