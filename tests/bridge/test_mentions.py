"""An address is found however it is wrapped, and nobody is taken for somebody else."""

import base64
import json
from email.message import EmailMessage
from urllib.parse import quote

import pytest
from hypothesis import given, strategies

from bridge.mentions import finder, said
from worker.errors import BridgeError

JANE = "jane@example.org"
ODD = "It's Jäne, ask jane@example.org — or call.\n"


def mail(
    text: str = ODD, *, encoding: str = "base64", subject: str = "Hello", subtype: str = "plain"
) -> bytes:
    """Return a mail whose text is encoded."""
    message = EmailMessage()
    message["From"] = "joe@example.net"
    message["Subject"] = subject
    message.set_content(text, subtype=subtype, cte=encoding)
    return bytes(message)


def forwarded() -> bytes:
    """Return a mail that carries another one, whose text is encoded."""
    message = EmailMessage()
    message.set_content("See below.")
    inner = EmailMessage()
    inner.set_content(ODD, cte="base64")
    message.add_attachment(inner)
    return bytes(message)


def in_utf_16() -> bytes:
    """Return a mail with an attachment in UTF-16."""
    message = EmailMessage()
    message.set_content("See the attachment.")
    message.add_attachment(ODD.encode("utf-16"), maintype="application", subtype="octet-stream")
    return bytes(message)


WRAPPED = {
    "as it is": ODD.encode(),
    "in a URL": b"GET /?from=jane%40example.org",
    "a part in base64": mail(),
    "a part as quoted-printable": mail(encoding="quoted-printable", text="x" * 68 + ODD),
    "HTML": mail("<a>jane&#64;example.org</a>", encoding="7bit", subtype="html"),
    "a header": b"From: =?utf-8?b?"
    + base64.b64encode(b"J\xc3\xa4ne <jane@example.org>")
    + b"?=\r\n\r\nHello",
    "a header in two words": b"X-From: =?utf-8?q?jane=40exam?=\r\n =?utf-8?q?ple=2Eorg?=\r\n\r\nHello",
    "a forwarded mail": forwarded(),
    "UTF-16": in_utf_16(),
    "JSON": b'{"from": "jane\\u0040example.org"}',
    "a mail in JSON": json.dumps({"content": mail().decode()}).encode(),
    "a mail in base64 in JSON": json.dumps([{"mail": base64.b64encode(mail()).decode()}]).encode(),
    "a mail in a form": b"body-mime=" + quote(mail()).encode(),
    "base64 for URLs": b"state=" + base64.urlsafe_b64encode(b"from \xff\xfe jane@example.org").rstrip(b"="),
}


@pytest.mark.parametrize("content", WRAPPED.values(), ids=WRAPPED)
def test_it_is_found(content: bytes) -> None:
    """In any case, too."""
    assert finder(JANE)(content)
    assert finder("Jane@Example.ORG")(content)
    assert not finder("joe@example.org")(content)


@pytest.mark.parametrize("other", ["mary-jane@example.org", "jane@example.org.invalid", "jane@example.orga"])
def test_who_only_looks_alike_is_somebody_else(other: str) -> None:
    """Plain and encoded."""
    assert not finder(JANE)(other.encode())
    assert not finder(JANE)(mail(f"ask {other} or\n"))


def test_what_is_no_address_is_refused() -> None:
    """It would be found nearly everywhere."""
    for text in ("jane", "@", "jane@"):
        with pytest.raises(BridgeError, match="is no address"):
            finder(text)


@given(
    strategies.binary(max_size=200)
    | strategies.text(alphabet="=?:\n\r{}[]%+/&#;AbQ", max_size=200).map(str.encode)
)
def test_nothing_is_too_broken(content: bytes) -> None:
    """Whatever was kept can be looked through, and what it says first is itself."""
    first, *_ = said(b"Content-Transfer-Encoding: base64\nX: " + content)
    assert first.endswith(content)
    list(said(content))
