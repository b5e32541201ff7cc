"""Charsets: bytes to text, whatever the sender says they are."""

import codecs

# What 8-bit text without a word about its charset most often was.
_LAST_RESORT = "cp1252"
# Known to Python but not to mail: slow, or warning. ASCII is declared by mail that is anything but.
_NOT_FOR_MAIL = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "ascii"}
)


def decode(data: bytes, declared: str | None) -> str:
    """Return the text: by the declared charset, else as UTF-8; what is broken in both is replaced."""
    declared_name = _known(declared)
    for name in (declared_name or "utf-8", "utf-8"):
        try:
            return data.decode(name)
        except ValueError:
            continue
    return data.decode(declared_name or _LAST_RESORT, "replace")


def _known(declared: str | None) -> str | None:
    if not declared:
        return None
    try:
        name = codecs.lookup(declared).name
        if name.replace("-", "_") in _NOT_FOR_MAIL:
            return None
        b" ".decode(name, "replace")  # some codecs are not about text, and say so only here
    except (LookupError, ValueError):
        return None
    return name
