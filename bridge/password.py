"""`bridge console password`: a password, typed twice or read from a pipe, becomes a hash."""

import getpass
import sys

from console.passwords import LONGEST, SHORTEST, hashed
from worker.errors import BridgeError


class UnfitPassword(BridgeError):
    """A password is too short or too long, or was not typed the same twice."""


def ask() -> str:
    """Return the hash of a password that is never shown. For entry points only. Raises UnfitPassword."""
    if sys.stdin.isatty():
        typed = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != typed:
            raise UnfitPassword("the two are not the same; nothing was made")
    else:
        typed = sys.stdin.readline().rstrip("\r\n")
    if not SHORTEST <= len(typed) <= LONGEST:
        raise UnfitPassword(
            f"a password here has {SHORTEST} to {LONGEST} characters, this one has {len(typed)}"
        )
    return hashed(typed)
