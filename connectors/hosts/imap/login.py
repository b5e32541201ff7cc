"""Login: how a poller makes itself known to a mail server."""

from collections.abc import Callable
from typing import Any, Protocol

import orjson
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

#: Makes itself known on a connection; blocks. Raises what `Line.ask` translates, and MailboxError.
Login = Callable[[IMAPClient], None]


class Tokens(Protocol):
    """Where access tokens come from."""

    def token(self) -> str:
        """Return one that is good for a while. Raises MailboxError."""

    def forget(self) -> None:
        """Have the next one made anew."""


def by_password(user: str, password: Callable[[], str]) -> Login:
    """Return a login by password, read anew each time."""

    def login(client: IMAPClient) -> None:
        if not client.has_capability("AUTH=PLAIN"):
            client.login(user, password())
            return
        try:
            client.plain_login(user, password())  # unlike LOGIN it takes more than ASCII (RFC 4616)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            raise LoginError(str(error)) from error

    return login


def by_token(user: str, tokens: Tokens) -> Login:
    """Return a login by access token: XOAUTH2, as Google and Microsoft describe it."""

    def login(client: IMAPClient) -> None:
        told: list[bytes] = []

        def answer(challenge: bytes) -> bytes:
            if challenge:  # why it failed; it wants an empty answer before it says so in IMAP's own words
                told.append(challenge)
                return b""
            return f"user={user}\1auth=Bearer {tokens.token()}\1\1".encode()

        try:
            client.sasl_login("XOAUTH2", answer)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            tokens.forget()
            raise LoginError(f"{error} {_reason(told)}".strip()) from error

    return login


def _reason(told: list[bytes]) -> str:
    """Return the status of the error document, which is all it says without the caller's credentials."""
    try:
        document: Any = orjson.loads(told[0])
        return f"(status {document['status']})"
    except (IndexError, KeyError, TypeError, orjson.JSONDecodeError):
        return ""
