"""Characters: text from a stranger, made fit to be stored and shown."""

import re
import unicodedata

_BREAKS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
# Control characters, halves of surrogate pairs, and the byte order mark in the middle of a text.
_UNFIT = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff]")


def one_line(text: str) -> str:
    """Return the text without control characters, every run of white space being one space."""
    return " ".join(_fit(text).split())


def paragraphs(text: str) -> str:
    """Return the text without control characters and superfluous white space, its lines kept."""
    lines = text.splitlines()  # at the same characters as `_BREAKS`
    if "".join(lines).isprintable():
        # No white space but spaces and line ends: then the text is tidied as a whole, which is much quicker.
        plain = unicodedata.normalize("NFC", "\n".join(map(str.strip, lines)))
        tidy = _shortened(plain, "  ", " ")
    else:
        tidy = "\n".join(" ".join(line.split()) for line in _fit(text).split("\n"))
    return _shortened(tidy, "\n\n\n", "\n\n").strip()


def _shortened(text: str, run: str, short: str) -> str:
    """Return the text with nothing left of a run: to look for a string is quicker than for a pattern."""
    while run in text:
        text = text.replace(run, short)
    return text


def words(tidy: str) -> str:
    """Return what `paragraphs` returned on one line."""
    return tidy.replace("\n\n", " ").replace("\n", " ")


def _fit(text: str) -> str:
    # Nothing of most texts must go: to ask is much quicker than to look for it.
    plain = text if text.isprintable() else _UNFIT.sub("", _BREAKS.sub("\n", text))
    return unicodedata.normalize("NFC", plain)
