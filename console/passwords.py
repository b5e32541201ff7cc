"""Passwords: Argon2id, at the strength that RFC 9106 recommends where memory is scarce."""

import asyncio
import functools
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER: Final = PasswordHasher()
#: The shortest one that is hashed here.
SHORTEST: Final = 12
#: The longest one that is looked at.
LONGEST: Final = 1024


def hashed(password: str) -> str:
    """Return a password's hash, to stand in the settings."""
    return _HASHER.hash(password)


def is_hash(text: str) -> bool:
    """Say whether this is a hash that passwords can be held against."""
    try:
        _HASHER.check_needs_rehash(text)
    except InvalidHashError:
        return False
    return True


class Verifier:
    """Holds passwords against hashes, beside the event loop and few at a time: each takes 64 MB meanwhile."""

    def __init__(self, *, at_once: int = 2) -> None:
        self._turn = asyncio.Semaphore(at_once)

    async def fits(self, known: str | None, password: str) -> bool:
        """Say whether a password has this hash; for None it takes the same time and says no."""
        if len(password) > LONGEST:
            return False
        async with self._turn:
            fits = await asyncio.to_thread(_fits, known or _nobody(), password)
        return fits and known is not None


@functools.cache
def _nobody() -> str:
    """Return what the password of nobody is held against: an unknown name takes as long as a known one."""
    return _HASHER.hash("nobody has this password")


def _fits(known: str, password: str) -> bool:
    try:
        return _HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
