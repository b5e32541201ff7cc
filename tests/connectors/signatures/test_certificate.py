"""Mutual TLS that ends at a proxy."""

import base64
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from pydantic import ValidationError

from connectors.base import Delivery, Refused
from connectors.headers import Headers
from connectors.signatures.certificate import ClientCertificate
from tests.connectors.signing import sns_certificate

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PEM = sns_certificate(name="sender.example.com")
DER = load_pem_x509_certificate(PEM).public_bytes(Encoding.DER)
SUBJECT = "CN=sender.example.com"
FINGERPRINT = sha256(DER).hexdigest()
BASE: dict[str, Any] = {"proxies": ["10.0.0.0/24", "2001:db8::1"], "subjects": [SUBJECT]}


def scheme(**options: Any) -> ClientCertificate:  # noqa: ANN401 - as written in a file
    """Return the scheme with these options."""
    return ClientCertificate.model_validate(BASE | options)


def delivery(value: str, header: str = "Client-Cert", via: str = "10.0.0.7", **more: str) -> Delivery:
    """Return a delivery on which a proxy wrote this."""
    pairs = [(header, value), *((name.replace("_", "-"), text) for name, text in more.items())]
    return Delivery("c", Headers(pairs), b"{}", NOW, peer="192.0.2.1", via=via)


# RFC 9440, section 2.2: DER in base64 between colons. nginx: PEM in URL encoding ($ssl_client_escaped_cert).
# AWS leaves `+=/` as they are. Traefik and Azure write bare base64.
@pytest.mark.parametrize(
    "written",
    [
        f":{base64.b64encode(DER).decode()}:",
        base64.b64encode(DER).decode(),
        quote(PEM.decode()),
        quote(PEM.decode(), safe="+=/"),
    ],
)
def test_certificates_are_read_as_proxies_write_them(written: str) -> None:
    """Subject or fingerprint of the whole certificate are enough."""
    assert scheme().prove(delivery(written), (), {}) is None
    colons = ":".join(FINGERPRINT[i : i + 2] for i in range(0, 64, 2)).upper()
    for fingerprint in (colons, sha1(DER).hexdigest()):  # noqa: S324 - as some proxies name certificates
        assert scheme(subjects=[], fingerprints=[fingerprint]).prove(delivery(written), (), {}) is None
    for other in ({"subjects": ["CN=other"]}, {"subjects": [], "fingerprints": ["0" * 64]}):
        with pytest.raises(Refused, match="not among those that are taken"):
            scheme(**other).prove(delivery(written), (), {})


def test_subjects_and_fingerprints_may_stand_alone() -> None:
    """Some proxies write only the one or the other."""
    by_subject = scheme(header="X-Amzn-Mtls-Clientcert-Subject", holds="subject")
    assert by_subject.prove(delivery(SUBJECT, "X-Amzn-Mtls-Clientcert-Subject"), (), {}) is None
    by_fingerprint = scheme(header="X-SSL-Fp", holds="fingerprint", subjects=[], fingerprints=[FINGERPRINT])
    assert by_fingerprint.prove(delivery(FINGERPRINT.upper(), "X-SSL-Fp"), (), {}) is None
    others = [delivery(text, "X-Amzn-Mtls-Clientcert-Subject") for text in (f"{SUBJECT}x", f"O=x,{SUBJECT}")]
    for found in (*others, delivery("CN=x", "X-SSL-Fp")):
        for each in (by_subject, by_fingerprint):
            with pytest.raises(Refused):
                each.prove(found, (), {})


# Envoy documentation, "HTTP header manipulation", section "x-forwarded-client-cert".
@pytest.mark.parametrize(
    ("written", "passes"),
    [
        (f'By=spiffe://a;Hash={FINGERPRINT};Subject="CN=x";URI=spiffe://b', True),
        (f'Hash={"0" * 64};Subject="{SUBJECT}"', True),
        ('Subject="CN=sender.example.com,O=\\"A;B\\""', False),
        (f'Hash={"0" * 64};Subject="CN=x";URI="Subject={SUBJECT}"', False),
        (f'Hash={"0" * 64};Subject="CN=x",Hash={FINGERPRINT};Subject="CN=y"', False),
        (f"Hash={'0' * 64};Hash={FINGERPRINT}", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_envoys_header_is_read(written: str, *, passes: bool) -> None:
    """Hash or subject of the one client count; a header that tells of several is Refused."""
    found = delivery(written, "X-Forwarded-Client-Cert")
    envoy = scheme(header="X-Forwarded-Client-Cert", holds="xfcc", fingerprints=[FINGERPRINT])
    if passes:
        assert envoy.prove(found, (), {}) is None
    else:
        with pytest.raises(Refused):
            envoy.prove(found, (), {})


def test_quotation_marks_in_envoys_subject_are_escaped() -> None:
    """A subject with quotation marks is compared as it is."""
    envoy = scheme(header="X", holds="xfcc", subjects=['CN=x,O="A;B, Ltd"'])
    assert envoy.prove(delivery('Subject="CN=x,O=\\"A;B, Ltd\\"";By=a', "X"), (), {}) is None


@pytest.mark.parametrize(
    ("via", "peer", "passes"),
    [
        ("10.0.0.255", "192.0.2.1", True),
        ("2001:db8::1", "192.0.2.1", True),
        ("", "10.0.0.1", True),
        ("10.0.1.1", "10.0.0.1", False),
        ("192.0.2.1", "192.0.2.1", False),
        ("", "", False),
        ("unix", "10.0.0.1", False),
    ],
)
def test_only_our_proxies_are_believed(via: str, peer: str, *, passes: bool) -> None:
    """What counts is who connected to us, not whom they speak for."""
    found = Delivery("c", Headers([("Client-Cert", quote(PEM.decode()))]), b"", NOW, peer=peer, via=via)
    if passes:
        assert scheme().prove(found, (), {}) is None
    else:
        with pytest.raises(Refused, match=r"which proxy it came from|none of `proxies`"):
            scheme().prove(found, (), {})


def test_the_proxy_says_that_it_checked() -> None:
    """Where a header says so, it has to say SUCCESS."""
    checked = scheme(verified_header="X-Client-Verify")
    assert checked.prove(delivery(quote(PEM.decode()), X_Client_Verify="SUCCESS"), (), {}) is None
    for more in ({}, {"X_Client_Verify": "FAILED:self-signed certificate"}):
        with pytest.raises(Refused, match="X-Client-Verify"):
            checked.prove(delivery(quote(PEM.decode()), **more), (), {})


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "holds no certificate"),
        ("::", "holds no certificate"),
        ("-----BEGIN CERTIFICATE-----", "holds no certificate"),
        (quote(sns_certificate(name="sender.example.com", until=NOW - timedelta(1)).decode()), "not valid"),
    ],
)
def test_what_is_no_certificate_is_refused(written: str, reason: str) -> None:
    """Nonsense, and what ran out."""
    with pytest.raises(Refused, match=reason):
        scheme().prove(delivery(written), (), {})


@pytest.mark.parametrize(
    "options",
    [
        {"subjects": []},
        {"subjects": [""]},
        {"proxies": []},
        {"proxies": ["everybody"]},
        {"proxies": None},
        {"fingerprints": ["xyz"]},
        {"holds": "subject", "fingerprints": [FINGERPRINT]},
        {"holds": "subject", "subjects": [], "fingerprints": [FINGERPRINT]},
        {"holds": "fingerprint"},
        {"holds": "fingerprint", "fingerprints": [FINGERPRINT]},
    ],
)
def test_settings_that_let_everybody_in_are_found(options: dict[str, Any]) -> None:
    """Proxies have to be named, and so has somebody whom they may let through."""
    with pytest.raises(ValidationError):
        scheme(**options)
