"""Evidence: what is kept of an answer for people: short, on one line, and without the API key."""

import re

_CONTROL_OR_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff]+")
_SENTENCE_CHARACTERS = 200
_ID_CHARACTERS = 100


def sentence(text: str, *, secret: str = "") -> str:
    """Return the text on one line of at most 200 characters.

    `secret` is masked first: a remote may well say "unknown key …" and quote what it was shown.
    """
    masked = text.replace(secret, "***") if secret else text
    return _cut(_CONTROL_OR_SPACE.sub(" ", masked).strip(), _SENTENCE_CHARACTERS)


def identifier(text: str) -> str:
    """Return a correlation id on one line of at most 100 characters."""
    return _cut(_CONTROL_OR_SPACE.sub(" ", text).strip(), _ID_CHARACTERS)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
