"""What is said where a certificate is not believed, however deep a library has hidden it."""

import ssl

import pytest

from worker.certificates import distrust, told

_PYTHON = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {} (_ssl.c:1006)"


def hidden(error: Exception) -> Exception:
    """Return an error that was raised because of another one, and says nothing of it."""
    found = OSError("no connection")
    found.__cause__ = error
    return found


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ssl.SSLCertVerificationError(_PYTHON.format("self-signed certificate")), "self-signed certificate"),
        (hidden(ssl.SSLError(_PYTHON.format("certificate has expired"))), "certificate has expired"),
        (
            OSError("no master (Redis - ConnectionError('certificate verify failed: unknown (_ssl.c:1)'))"),
            "unknown",
        ),
        (OSError(_PYTHON.format("IP address mismatch.")), "IP address mismatch"),
        (OSError("connection refused"), ""),
    ],
)
def test_why(error: Exception, why: str) -> None:
    """In OpenSSL's words; nothing where the trouble is another one."""
    assert distrust(error) == why


def test_one_sentence() -> None:
    """It names the thing, the reason and what to do."""
    said = told("store", "store.url", "self-signed certificate")
    assert said.startswith("the store's certificate is not believed (self-signed certificate): name the file")
    assert "store.url (?ssl_ca_certs=FILE)" in said
