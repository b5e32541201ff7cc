"""Comparing HMACs."""

import pytest

from connectors.signatures.mac import fits

KEY, CONTENT = b"Jefe", b"what do ya want for nothing?"

SHA512 = (
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
    "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
)


# RFC 2202 (SHA-1) and RFC 4231 (SHA-256, SHA-512), test case 2 of each.
@pytest.mark.parametrize(
    ("digest", "expected"),
    [
        ("sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ("sha256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (
            "sha512",
            SHA512,
        ),
    ],
)
def test_the_published_values_fit(digest: str, expected: str) -> None:
    """One of several given values is enough; a shortened or changed one is nothing."""
    right = bytes.fromhex(expected)
    assert fits(KEY, CONTENT, [b"", right, b"x"], digest)
    assert not fits(KEY, CONTENT, [right[:-1], right[1:], right + b"\0", bytes(len(right))], digest)
    assert not fits(KEY, CONTENT + b"?", [right], digest)
    assert not fits(b"jefe", CONTENT, [right], digest)


def test_no_key_and_no_value_fit_nothing() -> None:
    """What is not there proves nothing."""
    assert not fits(None, CONTENT, [bytes(32)])
    assert not fits(KEY, CONTENT, [])
