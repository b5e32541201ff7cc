"""Plain address: most mail addresses need no grammar, which takes a hundred times as long to apply."""

from typing import Final

_WORDS: Final = r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*"

#: The pattern of an address of words, dots and one @, in ASCII and of any letter case. RFC 5322 allows more.
PLAIN_ADDRESS: Final = rf"{_WORDS}@{_WORDS}"
