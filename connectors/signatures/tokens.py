"""Tokens: the secret itself, sent along. They prove who sends, not what: only TLS keeps the bytes genuine."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, ClassVar, Self
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import StringConstraints, model_validator

from connectors.base import Delivery, Evidence
from connectors.headers import HeaderName
from connectors.signatures.reading import from_base64, header, only, query
from connectors.signatures.scheme import Scheme, first, octets, refused

_TELEGRAM_HEADER = "X-Telegram-Bot-Api-Secret-Token"
# Telegram's own rule.
_TELEGRAM = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Token(Scheme):
    """The secret in a header or in the URL's query, as the sender's settings page offers it."""

    name: ClassVar[str] = "token"

    #: The header it stands in.
    header: HeaderName | None = None
    #: The parameter of the URL's query it stands in. URLs end up in logs, so a header is better.
    query: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _stands_somewhere(self) -> Self:
        if (self.header is None) == (self.query is None):
            raise ValueError("give either `header` or `query`")
        return self

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing public is needed
        """See `Scheme.prove`."""
        if self.header is not None:
            return fitting(header(delivery, self.header), secrets)
        return fitting(only(query(delivery), self.query or ""), secrets)

    def conceal(self, delivery: Delivery) -> Delivery:
        """See `Scheme.conceal`."""
        if self.header is not None:
            return _without(delivery, self.header)
        parts = urlsplit(delivery.url)
        left = [pair for pair in query(delivery) if pair[0] != self.query]
        return replace(delivery, url=urlunsplit(parts._replace(query=urlencode(left))))

    def flaw(self, secret: str) -> str:
        """See `Scheme.flaw`."""
        return _unsendable(secret) if self.header is not None else super().flaw(secret)


class Telegram(Scheme):
    """Telegram Bot API, "setWebhook", parameter `secret_token`."""

    name: ClassVar[str] = "telegram"

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing public is needed
        """See `Scheme.prove`."""
        return fitting(header(delivery, _TELEGRAM_HEADER), secrets)

    def conceal(self, delivery: Delivery) -> Delivery:
        """See `Scheme.conceal`."""
        return _without(delivery, _TELEGRAM_HEADER)

    def flaw(self, secret: str) -> str:
        """See `Scheme.flaw`."""
        return "" if _TELEGRAM.fullmatch(secret) else "is not 1 to 256 of A-Z, a-z, 0-9, _ and -"


class Bearer(Scheme):
    """RFC 6750, section 2.1: the secret behind the word Bearer."""

    name: ClassVar[str] = "bearer"

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing public is needed
        """See `Scheme.prove`."""
        return fitting(_credentials(delivery, "bearer"), secrets)

    def conceal(self, delivery: Delivery) -> Delivery:
        """See `Scheme.conceal`."""
        return _without(delivery, "Authorization")

    def flaw(self, secret: str) -> str:
        """See `Scheme.flaw`."""
        return _unsendable(secret)


class Basic(Scheme):
    """RFC 7617: user and password; each secret is `user:password`."""

    name: ClassVar[str] = "basic"

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing public is needed
        """See `Scheme.prove`."""
        given = from_base64(_credentials(delivery, "basic"), "Authorization")
        return first(_equals(given, secret) for secret in secrets)

    def conceal(self, delivery: Delivery) -> Delivery:
        """See `Scheme.conceal`."""
        return _without(delivery, "Authorization")

    def flaw(self, secret: str) -> str:
        """See `Scheme.flaw`."""
        user, colon, password = secret.partition(":")
        return super().flaw(secret) if user and colon and password else "is not user:password"


def fitting(given: str, secrets: Sequence[str]) -> int:
    """Return which secret was given. Raises Refused where it is none of them."""
    sent = octets(given)
    if not sent:
        raise refused("the token is empty")
    return first(_equals(sent, secret) for secret in secrets)


def _without(delivery: Delivery, name: str) -> Delivery:
    return replace(delivery, headers=delivery.headers.without(name))


def _equals(given: bytes, secret: str) -> bool:
    expected = octets(secret)
    return expected is not None and hmac.compare_digest(expected, given)


def _credentials(delivery: Delivery, kind: str) -> str:
    named, _, credentials = header(delivery, "Authorization").partition(" ")
    if named.lower() != kind:
        raise refused(f"Authorization is not of the kind {kind}")
    return credentials.strip()


def _unsendable(secret: str) -> str:
    sendable = secret.isascii() and secret.isprintable() and secret == secret.strip()
    return "" if sendable else "cannot stand in a header: it has more than printable ASCII or outer spaces"
