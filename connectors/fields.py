"""Fields: what a form post holds, byte for byte, files among them.

For senders whose fields are whole messages in any charset; where fields are text, `webhook.form` is stricter.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from connectors.base import UnreadableDelivery

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks  # is there for types only

#: How many fields a form may have.
FIELDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form, or one file."""

    name: str
    content: bytes = field(repr=False)
    #: None for what is no file.
    file_name: str | None = field(default=None, repr=False)
    content_type: str = ""

    @property
    def text(self) -> str:
        """The content as text; what is not UTF-8 is replaced."""
        return self.content.decode("utf-8", "replace")


class Fields:
    """The fields of one form, in order; a name may stand more than once."""

    def __init__(self, fields: tuple[Field, ...]) -> None:
        self._fields = fields

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields)

    def all(self, name: str) -> tuple[Field, ...]:
        """Return every field of a name."""
        return tuple(each for each in self._fields if each.name == name)

    def first(self, name: str) -> Field | None:
        """Return the first field of a name, None when there is none."""
        return next(iter(self.all(name)), None)

    def text(self, name: str) -> str:
        """Return the first field of a name as text; empty when there is none."""
        found = self.first(name)
        return found.text if found else ""


def read_fields(body: bytes, content_type: str) -> Fields:
    """Return the fields of a form post. Raises UnreadableDelivery with the reason."""
    kind, parameters = parse_options_header(content_type)
    if kind == b"multipart/form-data":
        return Fields(_multipart(body, parameters.get(b"boundary", b"")))
    if kind != b"application/x-www-form-urlencoded":
        raise UnreadableDelivery("the body is no form")
    try:
        # In Latin-1 every byte is one character, so that none is lost on the way.
        written = body.decode("latin-1")
        pairs = parse_qsl(written, keep_blank_values=True, encoding="latin-1", max_num_fields=FIELDS)
    except ValueError as error:
        raise UnreadableDelivery(f"there are more than {FIELDS} fields") from error
    found = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    return Fields(tuple(Field(_text(name), value) for name, value in found))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _multipart(body: bytes, boundary: bytes) -> tuple[Field, ...]:
    gathered = _Gathered()
    try:
        parser = MultipartParser(boundary, gathered.callbacks)
        parser.write(body)
        parser.finalize()
    except (MultipartParseError, ValueError) as error:
        raise UnreadableDelivery("the body is not multipart/form-data as its Content-Type has it") from error
    if not gathered.ended:
        raise UnreadableDelivery("the form ends before its last boundary")
    return tuple(gathered.fields)


class _Gathered:
    """Gathers the fields as the parser comes by them."""

    def __init__(self) -> None:
        self.fields: list[Field] = []
        self.ended = False
        self._header, self._headers = b"", dict[bytes, bytes]()
        self._content = bytearray()
        self.callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_begin": self._begin_header,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_part_data": self._part_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.fields) == FIELDS:
            raise UnreadableDelivery(f"there are more than {FIELDS} fields")
        self._headers, self._content = {}, bytearray()

    def _begin_header(self) -> None:
        self._header = b""

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end].lower()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._headers[self._header] = self._headers.get(self._header, b"") + data[start:end]

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._content += data[start:end]

    def _end_part(self) -> None:
        _, parameters = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"name" not in parameters:
            raise UnreadableDelivery("a part of the form has no name")
        file_name = parameters.get(b"filename")
        self.fields.append(
            Field(
                _text(parameters[b"name"]),
                bytes(self._content),
                None if file_name is None else _text(file_name),
                _text(self._headers.get(b"content-type", b"")),
            )
        )

    def _end(self) -> None:
        self.ended = True
