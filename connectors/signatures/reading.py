"""Reading: what schemes take out of a delivery nobody has proved yet. Whatever is odd is Refused."""

import base64
import binascii
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from connectors.base import Delivery
from connectors.signatures.scheme import refused

#: The longest header that is looked at, in characters; a client certificate is the longest that is meant.
MAX_HEADER: Final = 16 * 1024
#: How many fields a query or a form may have.
MAX_FIELDS: Final = 1000

Pairs = Sequence[tuple[str, str]]


def header(delivery: Delivery, name: str) -> str:
    """Return the header that has to stand exactly once. Raises Refused."""
    values = delivery.headers.all(name)
    if len(values) != 1:
        raise refused(f"{len(values)} {name} headers instead of one")
    value = values[0].strip()
    if len(value) > MAX_HEADER:
        raise refused(f"{name} is longer than {MAX_HEADER} characters")
    if not value.isascii() or not value.isprintable():
        raise refused(f"{name} holds more than printable ASCII")
    return value


def query(delivery: Delivery) -> Pairs:
    """Return the parameters of the URL's query. Raises Refused."""
    try:
        encoded = urlsplit(delivery.url).query
    except ValueError as error:
        raise refused("the URL cannot be read") from error
    return _pairs(encoded, "URL's query")


def form(delivery: Delivery) -> Pairs:
    """Return the fields of a form's body. Raises Refused."""
    try:
        encoded = delivery.body.decode()
    except UnicodeDecodeError as error:
        raise refused("the form is not UTF-8") from error
    return _pairs(encoded, "form")


def is_form(delivery: Delivery) -> bool:
    """Say whether the body claims to be an URL-encoded form."""
    kind = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/x-www-form-urlencoded"


def only(pairs: Pairs, name: str) -> str:
    """Return the value of the field that has to stand exactly once. Raises Refused."""
    values = [value for found, value in pairs if found == name]
    if len(values) != 1:
        raise refused(f"{len(values)} fields {name} instead of one")
    return values[0]


def from_hex(text: str, what: str) -> bytes:
    """Return the bytes that are written in hex. Raises Refused."""
    try:
        return binascii.unhexlify(text)
    except ValueError as error:
        raise refused(f"{what} holds no hex") from error


def from_base64(text: str, what: str) -> bytes:
    """Return the bytes that are written in base64. Raises Refused."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise refused(f"{what} holds no base64") from error


def _pairs(encoded: str, what: str) -> Pairs:
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
        for name, value in pairs:
            (name + value).encode()
    except UnicodeError as error:
        raise refused(f"the {what} is not UTF-8") from error
    except ValueError as error:
        raise refused(f"the {what} has more than {MAX_FIELDS} fields") from error
    return pairs
