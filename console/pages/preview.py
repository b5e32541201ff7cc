"""The preview: the beginning of a body that somebody sent, as a page can show it."""

from typing import Final

_MOST_CHARACTERS: Final = 4000
_MOST_BYTES: Final = 512
_ROW_BYTES: Final = 16
_PRINTABLE: Final = range(32, 127)


def preview(body: bytes) -> str:
    """Return the beginning of a body: as text where it is text, otherwise in hex."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _hex(body)
    if "\0" in text:
        return _hex(body)
    more = len(text) - _MOST_CHARACTERS
    shown = text[:_MOST_CHARACTERS].replace("\r\n", "\n")
    return f"{shown}\n… and {more} characters more" if more > 0 else shown


def _hex(body: bytes) -> str:
    rows = [_row(body, start) for start in range(0, min(len(body), _MOST_BYTES), _ROW_BYTES)]
    more = len(body) - _MOST_BYTES
    return "\n".join([*rows, f"… and {more} bytes more"] if more > 0 else rows)


def _row(body: bytes, start: int) -> str:
    some = body[start : start + _ROW_BYTES]
    read = "".join(chr(each) if each in _PRINTABLE else "." for each in some)
    return f"{start:06x}  {some.hex(' '):<47}  {read}"
