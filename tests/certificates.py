"""Certificates for servers of tests: self-signed, for this machine."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


def self_signed(directory: Path, name: str = "server", *, elsewhere: bool = False) -> tuple[Path, Path]:
    """Write a new certificate and its key as PEM, over those that are there, and return both places.

    `elsewhere` makes it one for another machine than this.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} {x509.random_serial_number()}")])
    now = datetime.now(UTC)
    local = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    names = [x509.DNSName("elsewhere.example.com")] if elsewhere else local
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _DAY)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, private = directory / f"{name}.crt", directory / f"{name}.key"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return chain, private
