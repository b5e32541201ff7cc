"""Documents: the JSON of a delivery, read strictly enough that nothing later can stumble over it."""

import orjson
from pydantic import JsonValue

from connectors.base import UnreadableDelivery
from connectors.nesting import DEPTH, is_too_deep

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
    if body.count(b"[") + body.count(b"{") > DEPTH and is_too_deep(document):
        raise UnreadableDelivery(f"the JSON is nested more than {DEPTH} deep")
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
