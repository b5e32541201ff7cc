"""Logins take every character, and tell why they failed without telling the password."""

from collections.abc import Callable

import pytest
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from connectors.hosts.imap.login import Login, by_password, by_token


class Client:
    """What a login sees of a client."""

    def __init__(self, *capabilities: str, fault: Exception | None = None, challenge: bytes = b"") -> None:
        self.capabilities = capabilities
        self.fault = fault
        self.challenge = challenge
        self.said: list[object] = []

    def has_capability(self, name: str) -> bool:
        """Say what it can."""
        return name in self.capabilities

    def login(self, *said: str) -> None:
        """Hear LOGIN."""
        self._hear("LOGIN", *said)

    def plain_login(self, *said: str) -> None:
        """Hear PLAIN."""
        self._hear("PLAIN", *said)

    def sasl_login(self, mechanism: str, answer: Callable[[bytes], bytes]) -> None:
        """Challenge once, and once more to say why it failed."""
        self._say(mechanism, answer(b""))
        if self.challenge:
            self._say(answer(self.challenge))
        self._hear()

    def _say(self, *said: object) -> None:
        self.said += said

    def _hear(self, *said: object) -> None:
        self.said += said
        if self.fault:
            raise self.fault


class Tokens:
    """Counts what is forgotten."""

    forgotten = 0

    def token(self) -> str:
        """Give the token."""
        return "t1"

    def forget(self) -> None:
        """Count."""
        self.forgotten += 1


def log_in(login: Login, client: Client) -> list[object]:
    """Log in and return what the server heard."""
    login(client)  # type: ignore[arg-type]  # as much of a client as it needs
    return client.said


def test_passwords_by_the_better_mechanism() -> None:
    """PLAIN where there is one, because it takes more than ASCII; else LOGIN."""
    login = by_password("jo", lambda: "pässword")
    assert log_in(login, Client("AUTH=PLAIN")) == ["PLAIN", "jo", "pässword"]
    assert log_in(login, Client()) == ["LOGIN", "jo", "pässword"]


def test_a_refused_password_is_a_refused_login() -> None:
    """A no is the operator's to mend; a broken connection is not."""
    login = by_password("jo", lambda: "p")
    with pytest.raises(LoginError, match="nope"):
        log_in(login, Client("AUTH=PLAIN", fault=IMAPClientError("nope")))
    with pytest.raises(IMAPClientAbortError):
        log_in(login, Client("AUTH=PLAIN", fault=IMAPClientAbortError("EOF")))


def test_tokens_by_xoauth2() -> None:
    """The token goes out once; a second challenge is answered with nothing, and its status is told."""
    tokens = Tokens()
    login = by_token("jo@example.com", tokens)
    assert log_in(login, Client()) == ["XOAUTH2", b"user=jo@example.com\1auth=Bearer t1\1\1"]
    refused = Client(fault=IMAPClientError("NO"), challenge=b'{"status":"400","schemes":"Bearer"}')
    with pytest.raises(LoginError, match=r"NO \(status 400\)"):
        log_in(login, refused)
    assert refused.said[-1] == b""
    assert tokens.forgotten == 1
    for odd in (b"", b"[]", b"no JSON"):
        with pytest.raises(LoginError, match=r"^NO$"):
            log_in(login, Client(fault=IMAPClientError("NO"), challenge=odd))
    with pytest.raises(IMAPClientAbortError):
        log_in(login, Client(fault=IMAPClientAbortError("EOF")))
    assert tokens.forgotten == 4
