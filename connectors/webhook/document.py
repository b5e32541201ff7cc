"""Documents: the JSON of a delivery, read strictly enough that nothing later can stumble over it."""

import orjson
from pydantic import JsonValue

from connectors.base import UnreadableDelivery

#: How many arrays and objects may stand inside one another.
DEPTH = 32

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read(body: bytes) -> JsonValue:
    """Return the document. Raises UnreadableDelivery for what is not JSON in UTF-8, or nested too deeply."""
    try:
        document: JsonValue = orjson.loads(body.removeprefix(_BYTE_ORDER_MARK))
    except orjson.JSONDecodeError as error:
        raise UnreadableDelivery("the body is not JSON in UTF-8") from error
    # So few brackets cannot be too deep; most deliveries need no walk.
    if body.count(b"[") + body.count(b"{") > DEPTH:
        _refuse_deep(document)
    return document


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
