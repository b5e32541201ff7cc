"""Characters: text from a stranger, made fit to be stored and shown."""

import re
import unicodedata

_BREAKS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_LONG_GAPS = re.compile(r"\n{3,}")
# Control characters, halves of surrogate pairs, and the byte order mark in the middle of a text.
_UNFIT = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff]")


def one_line(text: str) -> str:
    """Return the text without control characters, every run of white space being one space."""
    return " ".join(_fit(text).split())


def paragraphs(text: str) -> str:
    """Return the text without control characters and superfluous white space, its lines kept."""
    lines = (" ".join(line.split()) for line in _fit(text).split("\n"))
    return _LONG_GAPS.sub("\n\n", "\n".join(lines)).strip()


def _fit(text: str) -> str:
    plain = text.replace("\r\n", "\n")
    # Most texts have nothing of the kind, and to ask each line is much quicker than to look for it.
    if not all(map(str.isprintable, plain.split("\n"))):
        plain = _UNFIT.sub("", _BREAKS.sub("\n", text))
    return unicodedata.normalize("NFC", plain)
