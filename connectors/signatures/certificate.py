"""Certificate: mutual TLS that ends at a proxy of ours, which says in a header who the client was."""

import base64
import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, ClassVar, Final, Literal, Self
from urllib.parse import unquote

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from pydantic import AfterValidator, Field, IPvAnyNetwork, StringConstraints, model_validator

from connectors.base import Delivery, Evidence
from connectors.headers import HeaderName
from connectors.signatures.reading import header
from connectors.signatures.scheme import Scheme, refused

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Envoy's element: `;` between pairs, values bare or in double quotes with a backslash before what is special.
_XFCC_PAIR: Final = re.compile(r'([A-Za-z]{1,20})=("(?:[^"\\]|\\.)*"|[^;,"]*)(?:;|$)')


def _fingerprint(written: str) -> str:
    bare = written.replace(":", "").lower()
    if not _FINGERPRINT.fullmatch(bare):
        raise ValueError("a fingerprint is 40 (SHA-1) or 64 (SHA-256) hex digits")
    return bare


class ClientCertificate(Scheme):
    """RFC 9440, "Client-Cert HTTP Header Field", and what nginx, Envoy, Traefik and AWS write instead.

    The proxy has to ask for the certificate, to check it, and to replace this header if a client sends it. It
    is believed only from `proxies`, by the address that connected to us.
    """

    name: ClassVar[str] = "client-certificate"
    needs_secrets: ClassVar[bool] = False

    #: The header that the proxy writes.
    header: HeaderName = "Client-Cert"
    #: What stands in it: the whole certificate (PEM in URL encoding, or DER in base64), its fingerprint, its
    #: subject, or Envoy's X-Forwarded-Client-Cert.
    holds: Literal["certificate", "fingerprint", "subject", "xfcc"] = "certificate"
    #: The certificates that are taken, by their SHA-256 or SHA-1 in hex.
    fingerprints: tuple[Annotated[str, AfterValidator(_fingerprint)], ...] = ()
    #: The subjects that are taken, written as RFC 4514 has it: `CN=sender,O=Example`.
    subjects: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()
    #: The proxies whose word is taken: addresses or networks.
    proxies: Annotated[tuple[IPvAnyNetwork, ...], Field(min_length=1)]
    #: Where the proxy says SUCCESS once it checked the certificate, as nginx by `$ssl_client_verify`.
    verified_header: HeaderName | None = None

    @model_validator(mode="after")
    def _knows_somebody(self) -> Self:
        if self.holds == "subject" and (self.fingerprints or not self.subjects):
            raise ValueError("where the header holds a subject, give `subjects` and nothing else")
        if self.holds == "fingerprint" and (self.subjects or not self.fingerprints):
            raise ValueError("where the header holds a fingerprint, give `fingerprints` and nothing else")
        if not self.fingerprints and not self.subjects:
            raise ValueError("give `fingerprints` or `subjects`: otherwise every certificate would do")
        return self

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - the proxy proves
        """See `Scheme.prove`."""
        self._check_proxy(delivery.via or delivery.peer)
        if self.verified_header is not None and header(delivery, self.verified_header) != "SUCCESS":
            raise refused(f"{self.verified_header} is not SUCCESS")
        fingerprints, subject = self._seen(delivery)
        if not fingerprints.isdisjoint(self.fingerprints) or subject in self.subjects:
            return None
        raise refused(f"the certificate of {subject[:200]!r} is not among those that are taken")

    def _check_proxy(self, address: str) -> None:
        try:
            found = ipaddress.ip_address(address)
        except ValueError as error:
            raise refused("nobody knows which proxy it came from") from error
        if not any(found in network for network in self.proxies):
            raise refused(f"it came from {found}, which is none of `proxies`")

    def _seen(self, delivery: Delivery) -> tuple[set[str], str]:
        value = header(delivery, self.header)
        if self.holds == "fingerprint":
            return {value.replace(":", "").lower()}, ""
        if self.holds == "subject":
            return set(), value
        if self.holds == "xfcc":
            return _xfcc(value)
        certificate = _certificate(value)
        if certificate is None:
            raise refused(f"{self.header} holds no certificate")
        if not certificate.not_valid_before_utc <= delivery.arrived_at <= certificate.not_valid_after_utc:
            raise refused("the certificate is not valid at this time")
        return _fingerprints(certificate), certificate.subject.rfc4514_string()


def _fingerprints(certificate: x509.Certificate) -> set[str]:
    digests = (hashes.SHA256(), hashes.SHA1())  # noqa: S303 - what some proxies and people still name certificates by
    return {certificate.fingerprint(digest).hex() for digest in digests}


def _xfcc(value: str) -> tuple[set[str], str]:
    """Return the fingerprint and subject of Envoy's header; it has to tell of one client only."""
    found: dict[str, str] = {}
    position = 0
    while position < len(value):
        pair = _XFCC_PAIR.match(value, position)
        if pair is None or pair[1].lower() in found.keys() & {"hash", "subject"}:
            raise refused("the header is no X-Forwarded-Client-Cert, or tells of more than one certificate")
        written = pair[2]
        found[pair[1].lower()] = re.sub(r"\\(.)", r"\1", written[1:-1]) if written[:1] == '"' else written
        position = pair.end()
    return {found.get("hash", "").lower()}, found.get("subject", "")


@lru_cache(maxsize=64)
def _certificate(value: str) -> x509.Certificate | None:
    text = unquote(value)
    try:
        if "-----BEGIN" in text:
            return x509.load_pem_x509_certificate(text.encode())
        return x509.load_der_x509_certificate(base64.b64decode(text.strip(":"), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None
