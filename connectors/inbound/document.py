"""Documents of providers: JSON read as strangers' JSON is, each field asked for with its type."""

import base64
import binascii
from collections.abc import Mapping

import orjson
from pydantic import JsonValue

from connectors.base import UnreadableDelivery
from connectors.inbound.composing import Pair
from connectors.webhook.document import read

Object = Mapping[str, JsonValue]


def read_object(body: bytes) -> Object:
    """Return the object that a body is. Raises UnreadableDelivery."""
    document = read(body)
    if not isinstance(document, dict):
        raise UnreadableDelivery("the body is JSON, but no object")
    return document


def within(written: str) -> Object:
    """Return the object that a field holds as text; an empty one for anything else."""
    try:
        found = orjson.loads(written)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def text(source: Object, name: str) -> str:
    """Return a text; empty where there is none."""
    value = source.get(name)
    return value if isinstance(value, str) else ""


def an_object(source: Object, name: str) -> Object:
    """Return an object inside; an empty one where there is none."""
    value = source.get(name)
    return value if isinstance(value, dict) else {}


def objects(source: Object, name: str) -> list[Object]:
    """Return the objects of a list inside."""
    value = source.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def texts(source: Object, name: str) -> tuple[str, ...]:
    """Return the texts of a list inside."""
    value = source.get(name)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def grouped_headers(source: Object, name: str) -> list[Pair]:
    """Return headers that stand as `{name: value}` or `{name: [value, …]}`."""
    found: list[Pair] = []
    for header, value in an_object(source, name).items():
        values = value if isinstance(value, list) else [value]
        found += [(header, each) for each in values if isinstance(each, str)]
    return found


def decoded(written: str, what: str) -> bytes:
    """Return what is written in base64. Raises UnreadableDelivery."""
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableDelivery(f"{what} holds no base64") from error
