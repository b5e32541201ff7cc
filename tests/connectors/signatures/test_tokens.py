"""The secret itself, sent along."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.base import Delivery, Refused
from connectors.headers import Headers
from connectors.signatures.scheme import Scheme
from connectors.signatures.tokens import Basic, Bearer, Telegram, Token

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def delivery(*pairs: tuple[str, str], url: str = "https://h/c") -> Delivery:
    """Return a delivery with these headers."""
    return Delivery("c", Headers(pairs), b"{}", NOW, url=url)


def credentials(text: str, kind: str = "Basic") -> Delivery:
    """Return a delivery with these credentials, in base64."""
    return delivery(("Authorization", f"{kind} {base64.b64encode(text.encode()).decode()}"))


def test_a_token_stands_in_a_header_or_in_the_query() -> None:
    """It is compared with every secret."""
    assert Token(header="X-Token").prove(delivery(("x-token", "b")), ("a", "b"), {}) == 1
    assert Token(query="key").prove(delivery(url="https://h/c?x=1&key=b%26"), ("a", "b&"), {}) == 1


@pytest.mark.parametrize(
    ("scheme", "found"),
    [
        (Token(header="X-Token"), delivery()),
        (Token(header="X-Token"), delivery(("X-Token", ""))),
        (Token(header="X-Token"), delivery(("X-Token", "A"))),
        (Token(header="X-Token"), delivery(("X-Token", "aa"))),
        (Token(header="X-Token"), delivery(("X-Token", "a"), ("X-Token", "a"))),
        (Token(query="key"), delivery(url="https://h/c?key=a&key=a")),
        (Token(query="key"), delivery(url="https://h/c?KEY=a")),
        (Token(query="key"), delivery(url="https://h/c#key=a")),
        (Token(query="key"), delivery(url="https://h/c?key=")),
        (Telegram(), delivery(("X-Telegram-Bot-Api-Secret-Token", "b"))),
        (Bearer(), delivery(("Authorization", "a"))),
        (Bearer(), delivery(("Authorization", "Basic a"))),
        (Bearer(), delivery(("Authorization", "Bearer"))),
        (Bearer(), delivery(("Authorization", "Bearer b"))),
        (Bearer(), delivery(("Authorization", "Bearer a"), ("Authorization", "Bearer a"))),
    ],
)
def test_anything_else_is_refused(scheme: Scheme, found: Delivery) -> None:
    """Missing, doubled, empty, wrong and misplaced tokens are Refused."""
    with pytest.raises(Refused):
        scheme.prove(found, ("a",), {})


@pytest.mark.parametrize("scheme", [Token(header="X"), Bearer(), Basic()])
def test_an_empty_secret_fits_nothing(scheme: Scheme) -> None:
    """A secret's file may be empty for a moment: that lets nobody in."""
    for value in ("", "Bearer ", "Basic "):
        with pytest.raises(Refused):
            scheme.prove(delivery(("X", value), ("Authorization", value)), ("",), {})


@pytest.mark.parametrize("options", [{}, {"header": "X", "query": "y"}, {"query": ""}])
def test_a_token_stands_in_one_place(options: dict[str, Any]) -> None:
    """Nowhere and in two places are mistakes."""
    with pytest.raises(ValidationError):
        Token.model_validate(options)


# Telegram Bot API, "setWebhook": the header and the characters of secret_token.
def test_telegrams_header_is_compared() -> None:
    """What `setWebhook` was called with comes back."""
    assert Telegram().prove(delivery(("x-telegram-bot-api-secret-token", "a_B-1")), ("a_B-1",), {}) == 0


# RFC 6750, section 2.1.
def test_a_bearer_token_passes() -> None:
    """The kind's name may be written in either case."""
    for kind in ("Bearer", "bearer"):
        found = delivery(("Authorization", f"{kind} mF_9.B5f-4.1JqM"))
        assert Bearer().prove(found, ("mF_9.B5f-4.1JqM",), {}) == 0


# RFC 7617, sections 2 and 2.1: the examples Aladdin (ASCII) and test (UTF-8).
@pytest.mark.parametrize(
    ("written", "secret"),
    [("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin:open sesame"), ("dGVzdDoxMjPCow==", "test:123£")],
)
def test_the_published_credentials_pass(written: str, secret: str) -> None:
    """The RFC's examples fit."""
    assert Basic().prove(delivery(("Authorization", f"Basic {written}")), ("x:y", secret), {}) == 1


@pytest.mark.parametrize(
    "found",
    [
        credentials("user:wrong"),
        credentials("user"),
        credentials("User:password"),
        credentials("user:password", "Bearer"),
        delivery(("Authorization", "Basic user:password")),
        delivery(("Authorization", "Basic")),
    ],
)
def test_other_credentials_are_refused(found: Delivery) -> None:
    """User and password have to be right together."""
    with pytest.raises(Refused):
        Basic().prove(found, ("user:password",), {})


@pytest.mark.parametrize(
    ("scheme", "fit", "unfit"),
    [
        (Token(header="X"), "a b", "a\n"),
        (Token(header="X"), "a", " a"),
        (Token(query="x"), "schlüssel", "\ud800"),
        (Bearer(), "a.b", "ä"),
        (Telegram(), "A" * 256, "A" * 257),
        (Telegram(), "a-b_c", "a b"),
        (Basic(), "user:pass:word", "user"),
        (Basic(), "ä:ö", ":password"),
        (Basic(), "u:p", "user:"),
    ],
)
def test_secrets_that_cannot_be_sent_are_found(scheme: Scheme, fit: str, unfit: str) -> None:
    """A secret that can never arrive is a mistake of the settings."""
    assert scheme.flaw(fit) == ""
    assert scheme.flaw(unfit) != ""
    assert unfit not in scheme.flaw(unfit).split()


@pytest.mark.parametrize(
    ("scheme", "found", "kept"),
    [
        (
            Token(header="X-Token"),
            delivery(("X-TOKEN", "hush"), ("X-Other", "1")),
            delivery(("X-Other", "1")),
        ),
        (
            Token(query="key"),
            delivery(url="https://h/c?a=%26&key=hush&b=2"),
            delivery(url="https://h/c?a=%26&b=2"),
        ),
        (Telegram(), delivery(("X-Telegram-Bot-Api-Secret-Token", "hush")), delivery()),
        (Bearer(), delivery(("authorization", "Bearer hush")), delivery()),
        (Basic(), credentials("user:hush"), delivery()),
    ],
)
def test_a_token_is_not_kept(scheme: Scheme, found: Delivery, kept: Delivery) -> None:
    """What is kept of a proved delivery, such as a dead letter, holds everything but the secret itself."""
    assert scheme.conceal(found) == kept
