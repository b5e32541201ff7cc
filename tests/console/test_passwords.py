"""Passwords and their hashes."""

import asyncio

from console.passwords import LONGEST, Verifier, hashed, is_hash


def test_a_password_fits_its_hash_and_no_other() -> None:
    """Also not the hash of nobody, nor what is too long to look at."""
    known = hashed("correct horse battery")
    assert known.startswith("$argon2id$")

    async def main() -> list[bool]:
        verifier = Verifier()
        long = hashed("x" * (LONGEST + 1))
        return [
            await verifier.fits(known, "correct horse battery"),
            await verifier.fits(known, "wrong horse battery"),
            await verifier.fits(None, "nobody has this password"),
            await verifier.fits(long, "x" * (LONGEST + 1)),
            await verifier.fits("no hash", "correct horse battery"),
        ]

    assert asyncio.run(main()) == [True, False, False, False, False]


def test_a_hash_is_known_from_a_password() -> None:
    """So that nobody writes the password itself into the settings."""
    assert is_hash(hashed("correct horse battery"))
    assert not is_hash("correct horse battery")
