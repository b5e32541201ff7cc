"""Tokens are had, used by a real server, renewed in time, and asked for anew when they are refused."""

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
import structlog

from connectors.hosts.imap.connection import Connection
from connectors.hosts.imap.errors import LoginRefused, MailboxAway
from connectors.hosts.imap.line import Line
from connectors.hosts.imap.login import by_token
from connectors.hosts.imap.oauth import OAuthTokens
from tests.connectors.hosts.imap.conftest import T0
from tests.imap_servers import USER, dovecot, has_dovecot
from worker.mail_settings import MailboxSettings, OAuthSettings


@dataclass
class Provider:
    """A token endpoint, and an introspection endpoint for the mail server."""

    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    #: What is answered instead of a token: status and document.
    fault: tuple[int, Any] | None = None
    #: Beside the token.
    more: dict[str, Any] = field(default_factory=lambda: {"expires_in": 3600})
    #: The tokens that the mail server may believe.
    good: set[str] = field(default_factory=set)

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        """Answer one request."""
        if path == "/introspect":
            return 200, {"active": form["token"] in self.good, "email": USER}
        self.asked.append(form)
        if self.fault:
            return self.fault
        token = f"token-{len(self.asked)}"
        self.good.add(token)
        return 200, {"access_token": token, "token_type": "Bearer", **self.more}


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider over real sockets."""
    found = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            status, document = found.answer(self.path, {key: each[0] for key, each in parse_qs(body).items()})
            content = document.encode() if isinstance(document, str) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Account:
    """What a mailbox's owner has, and the present."""

    refresh_token: str | None = "refresh-1"
    now: datetime = T0
    #: Whether a new refresh token can be kept.
    keeps: bool = True

    def tokens(self, at: Provider, **settings: object) -> OAuthTokens:
        """Return the tokens of an account at a provider."""
        reference = {"refresh_token": "file:refresh"} if self.refresh_token else {"tenant": "contoso"}
        written = OAuthSettings.model_validate(
            {
                "provider": "microsoft",
                "client_id": "bridge",
                "client_secret": "env:X",
                "token_url": f"{at.url}/token",
                **reference,
                **settings,
            }
        )
        present = (lambda: self.refresh_token or "") if self.refresh_token else None
        return OAuthTokens(
            written,
            client_secret=lambda: "hush",
            refresh_token=present,
            keep=self.keep,
            clock=lambda: self.now,
        )

    def keep(self, new: str) -> bool:
        """Take a new refresh token."""
        if self.keeps:
            self.refresh_token = new
        return self.keeps


def test_a_refresh_token_is_traded(provider: Provider) -> None:
    """Microsoft is asked for mail and for a further refresh token; Google for what was consented to."""
    assert Account().tokens(provider).token() == "token-1"
    assert Account().tokens(provider, provider="google").token() == "token-2"
    asked = {"grant_type": "refresh_token", "refresh_token": "refresh-1", "client_id": "bridge"}
    scope = "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
    assert provider.asked == [
        {**asked, "client_secret": "hush", "scope": scope},
        {**asked, "client_secret": "hush"},
    ]


def test_a_client_of_its_own_rights(provider: Provider) -> None:
    """Without a refresh token the client's credentials are used, for everything that it was granted."""
    assert Account(refresh_token=None).tokens(provider).token() == "token-1"
    assert provider.asked == [
        {
            "grant_type": "client_credentials",
            "scope": "https://outlook.office365.com/.default",
            "client_id": "bridge",
            "client_secret": "hush",
        }
    ]


def test_a_token_is_used_until_shortly_before_its_end(provider: Provider) -> None:
    """It is asked for once, again two minutes before it ends, and again when it was refused."""
    account = Account()
    tokens = account.tokens(provider)
    assert [tokens.token(), tokens.token()] == ["token-1", "token-1"]
    account.now = T0 + timedelta(minutes=57)
    assert tokens.token() == "token-1"
    account.now = T0 + timedelta(minutes=58)
    assert tokens.token() == "token-2"
    tokens.forget()
    assert tokens.token() == "token-3"
    provider.more = {}
    tokens.forget()
    tokens.token()
    account.now += timedelta(minutes=9)
    assert tokens.token() == "token-5", "without a word about its end it is good for ten minutes"


def test_a_new_refresh_token_is_kept(provider: Provider) -> None:
    """The next trade uses it; where it cannot be kept, the log says so, and the old one goes on."""
    account = Account()
    tokens = account.tokens(provider)
    provider.more = {"expires_in": 3600, "refresh_token": "refresh-2"}
    tokens.token()
    tokens.forget()
    tokens.token()
    assert [each["refresh_token"] for each in provider.asked] == ["refresh-1", "refresh-2"]
    account.keeps = False
    provider.more = {"refresh_token": "refresh-3"}
    tokens.forget()
    with structlog.testing.capture_logs() as logs:
        tokens.token()
    assert [line["event"] for line in logs] == ["refresh_token_not_kept"]
    assert "refresh-3" not in str(logs)
    assert account.refresh_token == "refresh-2"


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ((400, {"error": "invalid_grant"}), LoginRefused, "invalid_grant"),
        ((401, {"error": "invalid_client"}), LoginRefused, "invalid_client"),
        ((200, {"token_type": "Bearer"}), LoginRefused, "missing_token"),
        ((429, {}), MailboxAway, "status 429"),
        ((503, "<html>"), MailboxAway, "status 503"),
    ],
)
def test_no_token(provider: Provider, fault: tuple[int, Any], error: type[Exception], said: str) -> None:
    """What an operator must mend is told from what mends itself; neither tells a secret."""
    provider.fault = fault
    with pytest.raises(error, match=f"^microsoft gives no token: {said}$"):
        Account().tokens(provider).token()


def test_a_provider_that_is_away(provider: Provider) -> None:
    """Nobody there, or somebody who does not speak of tokens: come again."""
    provider.fault = (200, "<html>welcome to the hotel</html>")
    with pytest.raises((MailboxAway, LoginRefused), match="gives no token"):
        Account().tokens(provider).token()
    with pytest.raises(MailboxAway, match="gives no token: ConnectError"):
        Account().tokens(provider, token_url="http://127.0.0.1:9/token").token()


def test_a_real_server_takes_the_token(provider: Provider) -> None:
    """XOAUTH2 against Dovecot: a good token opens the mailbox; a refused one is forgotten."""
    if not has_dovecot():
        pytest.skip("dovecot is not installed (apt-get install dovecot-imapd)")
    tokens = Account().tokens(provider)
    line = Line("mail")

    async def open_and_leave(settings: MailboxSettings) -> None:
        context = ssl.create_default_context()
        connection = await line.ask(Connection.open, settings, by_token(USER, tokens), context)
        await line.ask(connection.leave)

    with dovecot(introspection_url=f"{provider.url}/introspect") as server:
        settings = MailboxSettings(
            host="127.0.0.1", port=server.port, tls="none", user=USER, password="env:X", timeout_s=10
        )
        asyncio.run(open_and_leave(settings))
        provider.good.clear()
        with pytest.raises(LoginRefused, match="the server refuses the login"):
            asyncio.run(open_and_leave(settings))
        asyncio.run(open_and_leave(settings))
    line.close()
    assert len(provider.asked) == 2
