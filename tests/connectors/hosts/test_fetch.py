"""The fetcher gets small public documents by https, and cannot be led anywhere else. Over real TLS."""

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.hosts.fetch import Fetcher, Unfetched

Contexts = tuple[ssl.SSLContext, ssl.SSLContext]


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Contexts:
    """A server's context and one that trusts it, for localhost and 127.0.0.1."""
    directory: Path = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = directory / "both.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


def fetched(
    contexts: Contexts,
    answer: bytes,
    url: str = "https://localhost:{port}/doc?a=%20b",
    *,
    allowed: Callable[[str], bool] = lambda _: True,
    trusting: bool = True,
) -> tuple[bytes | Unfetched, list[bytes]]:
    """Fetch from a server of ours that gives one answer; return what came of it, and what it was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        if answer:
            writer.close()

    async def main() -> bytes | Unfetched:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=contexts[0])
        port = server.sockets[0].getsockname()[1]
        fetcher = Fetcher(
            allowed=allowed, context=contexts[1] if trusting else None, deadline_s=0.5, max_bytes=1000
        )
        try:
            return await fetcher.get(url.format(port=port))
        except Unfetched as failure:
            return failure
        finally:
            await fetcher.aclose()
            server.close()

    return asyncio.run(main()), asked


def ok(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """Return an answer's bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def test_a_document_is_fetched(contexts: Contexts) -> None:
    """As it is asked for, without a cookie, a credential or a wish for compression."""
    found, asked = fetched(contexts, ok(b"certificate"))
    assert found == b"certificate"
    head = asked[0].decode()
    assert head.startswith("GET /doc?a=%20b HTTP/1.1\r\n")
    assert "Accept-Encoding: identity\r\n" in head
    assert "ookie" not in head
    assert "uthorization" not in head


@pytest.mark.parametrize(
    ("answer", "final", "reason"),
    [
        (ok(b"", "404 Not Found"), True, "localhost answered 404"),
        (ok(b"", "302 Found", "Location: https://127.0.0.1/"), True, "localhost answered 302"),
        (ok(b"", "500 Oops"), False, "localhost answered 500"),
        (ok(b"x" * 1001), True, "localhost sent more than 1000 bytes"),
        (b"nonsense\r\n\r\n", False, "localhost cannot be asked"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", False, "localhost cannot be asked"),
        (b"", False, "localhost cannot be asked: TimeoutError"),
    ],
)
def test_whatever_else_is_answered_is_not_taken(
    contexts: Contexts, answer: bytes, final: object, reason: str
) -> None:
    """A redirect is not followed, a giant not read, a silent host not waited for."""
    found, asked = fetched(contexts, answer)
    assert isinstance(found, Unfetched)
    assert str(found).startswith(reason)
    assert found.final is final
    assert len(asked) == 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1"])
def test_an_address_that_is_not_public_is_not_connected_to(contexts: Contexts, host: str) -> None:
    """Whether it stands in the URL, in whatever form, or comes out of the name."""
    seen: list[str] = []

    def nobody(address: str) -> bool:
        seen.append(address)
        return False

    found, asked = fetched(contexts, ok(b"secret"), f"https://{host}:{{port}}/", allowed=nobody)
    assert isinstance(found, Unfetched)
    assert asked == []
    if seen:
        assert "is not a public address" in str(found)
    else:
        assert "is not a canonical IPv4 address" in str(found)
    assert set(seen) <= {"127.0.0.1", "::1"}


def test_by_default_only_public_addresses_are_allowed() -> None:
    """Nobody has to ask for it."""

    async def main() -> None:
        fetcher = Fetcher()
        try:
            with pytest.raises(Unfetched, match="is not a public address"):
                await fetcher.get("https://127.0.0.1:9/")
        finally:
            await fetcher.aclose()

    asyncio.run(main())


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:{port}/",
        "file:///etc/passwd",
        "https://user:pw@localhost:{port}/",
        "https:///x",
        "https://localhost:99999/",
        "",
    ],
)
def test_only_plain_https_urls_are_fetched(contexts: Contexts, url: str) -> None:
    """Anything else is refused for good, before anybody is asked."""
    found, asked = fetched(contexts, ok(b""), url)
    assert isinstance(found, Unfetched)
    assert found.final
    assert asked == []


def test_a_host_must_prove_its_name(contexts: Contexts) -> None:
    """A certificate that nobody vouches for is not enough."""
    found, asked = fetched(contexts, ok(b"forged"), trusting=False)
    assert isinstance(found, Unfetched)
    assert asked == []


def test_closing_what_was_never_used_is_nothing() -> None:
    """Nothing was opened."""
    closing: Awaitable[None] = Fetcher().aclose()
    asyncio.run(closing)  # type: ignore[arg-type] # asyncio wants a coroutine, which it is
