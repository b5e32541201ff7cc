"""Reasons: why a gate is shut, in few words; the sentences themselves are for people."""

import re
from typing import Final

#: Every word there is, as label values.
WHYS: Final = ("person", "key_refused", "asked_to_wait", "breaker", "other")

_SAID: Final = (
    (re.compile(r"^(401|403)\b"), "key_refused"),
    (re.compile(r"^(429|503)\b"), "asked_to_wait"),
    (re.compile(r"^breaker\b"), "breaker"),
)


def why(reason: str) -> str:
    """Return the word for what a service is held for."""
    return next((word for pattern, word in _SAID if pattern.match(reason)), "other")
