"""Names and types of downloads: what a stranger called a file, made fit for a file system and a header."""

import mimetypes
import unicodedata
from typing import Final
from urllib.parse import quote

#: Types that are told as they are; everything else is bytes, whatever its sender says.
SAFE_TYPES: Final = frozenset({"application/pdf", "image/gif", "image/jpeg", "image/png", "text/plain"})
BYTES: Final = "application/octet-stream"

_CHARACTERS: Final = 120
_EXTENSION_CHARACTERS: Final = 20
_UNFIT: Final = frozenset('<>:"|?*%;\\/')
# Devices on Windows, with any extension.
_DEVICES: Final = frozenset(
    {"aux", "con", "nul", "prn", *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789")}
)


def content_type(kind: str) -> str:
    """Return as what a download is served."""
    return kind if kind in SAFE_TYPES else BYTES


def file_name(written: str, *, number: int, kind: str) -> str:
    """Return a name that is safe to save under: no folders, no control characters, nothing turned round."""
    last = written.replace("\\", "/").rpartition("/")[2]
    clean = "".join("_" if each in _UNFIT else each for each in last if unicodedata.category(each)[0] != "C")
    clean = clean.strip(". ")
    if not clean:
        return f"attachment-{number}{mimetypes.guess_extension(kind) if kind in SAFE_TYPES else '.bin'}"
    if clean.partition(".")[0].casefold() in _DEVICES:
        clean = f"_{clean}"
    return _shortened(clean)


def disposition(name: str) -> str:
    """Return the header that makes a download of it (RFC 6266, RFC 8187)."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _shortened(name: str) -> str:
    if len(name) <= _CHARACTERS:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > _EXTENSION_CHARACTERS:
        return name[:_CHARACTERS]
    return f"{stem[: _CHARACTERS - len(extension) - 1]}{dot}{extension}"
