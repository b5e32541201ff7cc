"""Forms: the fields of a form post, read as strictly as JSON and seen as an object.

A field that stands once is text, one that stands several times a list of texts. Files are not taken: what
they hold could not go into an interaction.
"""

from urllib.parse import parse_qsl

import orjson
from pydantic import JsonValue
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from connectors.base import UnreadableDelivery

#: How many fields a form may have.
FIELDS = 1000

_UTF_8 = frozenset({b"utf-8", b"utf8", b"us-ascii"})


def is_form(content_type: str) -> bool:
    """Say whether a Content-Type names a form."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind in {"application/x-www-form-urlencoded", "multipart/form-data"}


def read_form(body: bytes, content_type: str) -> dict[str, JsonValue]:
    """Return the fields of a form post. Raises UnreadableDelivery with the reason."""
    kind, parameters = parse_options_header(content_type)
    if parameters.get(b"charset", b"utf-8").lower() not in _UTF_8:
        raise UnreadableDelivery("the form is in another charset than UTF-8")
    if kind == b"multipart/form-data":
        return _object(_multipart(body, parameters.get(b"boundary", b"")))
    text = _text(body)
    if text.startswith(("{", "[")) and _is_json(text):
        # `curl --data` says so of whatever it sends
        raise UnreadableDelivery(
            "the body is JSON, but its Content-Type names a form: send it as application/json"
        )
    return fields(text)


def fields(encoded: str) -> dict[str, JsonValue]:
    """Return the fields of a URL's query, or of a form in the same writing. Raises UnreadableDelivery."""
    try:
        return _object(parse_qsl(encoded, keep_blank_values=True, errors="strict", max_num_fields=FIELDS))
    except UnicodeDecodeError as error:
        raise UnreadableDelivery("a field of the form is not UTF-8") from error
    except ValueError as error:
        raise UnreadableDelivery(f"there are more than {FIELDS} fields") from error


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _object(pairs: list[tuple[str, str]]) -> dict[str, JsonValue]:
    found: dict[str, list[JsonValue]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _text(data: bytes | bytearray) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UnreadableDelivery("a field of the form is not UTF-8") from error


def _multipart(body: bytes, boundary: bytes) -> list[tuple[str, str]]:
    parts = _Parts()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.begin,
                "on_header_begin": parts.begin_header,
                "on_header_field": parts.header_name,
                "on_header_value": parts.header_value,
                "on_headers_finished": parts.headers_finished,
                "on_part_data": parts.part_data,
                "on_part_end": parts.end_part,
                "on_end": parts.end,
            },
        )
        parser.write(body)
        parser.finalize()
    except (MultipartParseError, ValueError) as error:
        raise UnreadableDelivery("the body is not multipart/form-data as its Content-Type has it") from error
    if not parts.ended:
        raise UnreadableDelivery("the form ends before its last boundary")
    return parts.pairs


class _Parts:
    """Gathers the fields as the parser comes by them."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.ended = False
        self._name, self._header, self._disposition = "", b"", b""
        self._data = bytearray()

    def begin(self) -> None:
        if len(self.pairs) == FIELDS:
            raise UnreadableDelivery(f"there are more than {FIELDS} fields")
        self._disposition, self._data = b"", bytearray()

    def begin_header(self) -> None:
        self._header = b""

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end].lower()

    def header_value(self, data: bytes, start: int, end: int) -> None:
        if self._header == b"content-disposition":
            self._disposition += data[start:end]

    def headers_finished(self) -> None:
        _, parameters = parse_options_header(self._disposition)
        if b"filename" in parameters:
            raise UnreadableDelivery("the form has a file, which a channel does not take")
        if b"name" not in parameters:
            raise UnreadableDelivery("a part of the form has no name")
        self._name = _text(parameters[b"name"])

    def part_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def end_part(self) -> None:
        self.pairs.append((self._name, _text(self._data)))

    def end(self) -> None:
        self.ended = True
