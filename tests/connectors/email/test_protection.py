"""Whether a mail is signed or encrypted."""

import pytest

from connectors.email.protection import protection
from connectors.email.structure import read


@pytest.mark.parametrize(
    ("content_type", "text", "expected"),
    [
        ("text/plain", "hello", ""),
        ("multipart/encrypted; protocol=application/pgp-encrypted", "", "encrypted"),
        ("application/pkcs7-mime; smime-type=enveloped-data", "", "encrypted"),
        ("application/x-pkcs7-mime", "", "encrypted"),
        ("application/pkcs7-mime; smime-type=signed-data", "", "signed"),
        ("multipart/signed; protocol=application/pgp-signature", "hello", "signed"),
        ("text/plain", "-----BEGIN PGP MESSAGE-----\n\nhQEM", "encrypted"),
        ("text/plain", "-----BEGIN PGP SIGNED MESSAGE-----\n\nhello", "signed"),
    ],
)
def test_protection_is_told(content_type: str, text: str, expected: str) -> None:
    """By the type of the mail, or by how its text begins."""
    assert protection(read(f"Content-Type: {content_type}\n\n".encode()), text) == expected
