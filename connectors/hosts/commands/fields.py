"""Fields: the request headers that say how a command is to be taken."""

from collections.abc import Sequence
from typing import Final

import http_sf

from connectors.hosts.commands.problems import NO_KEY, Problem

_LONGEST_KEY: Final = 255


def idempotency_key(values: Sequence[str]) -> str:
    """Return the sender's key (draft-ietf-httpapi-idempotency-key-header-07: a structured-field string).

    Raises Problem when there is none, or it is not a string in double quotes.

    Args:
        values: The values of the request's Idempotency-Key headers.
    """
    if not values:
        raise Problem(NO_KEY, "There is no Idempotency-Key header; every command needs one.")
    try:
        item = http_sf.parse(", ".join(values).encode("latin-1"), tltype="item")
    except ValueError:
        item = None
    key = item[0] if isinstance(item, tuple) else None
    # What stands without quotes is a token, which the draft does not allow.
    if not isinstance(key, str) or not 1 <= len(key) <= _LONGEST_KEY:
        raise Problem(
            NO_KEY, f"The Idempotency-Key must be 1 to {_LONGEST_KEY} ASCII characters in double quotes."
        )
    return key


def wished_wait(values: Sequence[str], *, longest_s: float) -> int:
    """Return how many seconds the sender would wait for the outcome (RFC 7240, `wait`), no more than the cap.

    What cannot be understood is no wish: a preference never makes a request fail.

    Args:
        values: The values of the request's Prefer headers.
        longest_s: The cap.
    """
    for preference in ",".join(values).split(","):
        name, _, value = (part.strip() for part in preference.partition(";")[0].partition("="))
        seconds = value.strip('"')
        if name.lower() == "wait" and seconds.isascii() and seconds.isdigit():
            return int(min(float(seconds), longest_s))
    return 0
