"""Access tokens for mailboxes of Google and Microsoft, by refresh token or by the client's own credentials.

RFC 6749, sections 4.4 and 6. Scopes and places are from Microsoft's "Authenticate an IMAP, POP or SMTP
connection using OAuth" and Google's "OAuth 2.0 Mechanism".
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import structlog
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error

from connectors.hosts.imap.errors import LoginRefused, MailboxAway
from worker.mail_settings import OAuthSettings
from worker.ports import Clock

_log: Any = structlog.get_logger()

_TOKEN_URLS: Final[Mapping[str, str]] = {
    "google": "https://oauth2.googleapis.com/token",
    "microsoft": "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
}
#: What a refresh token is asked for; Google's is for what its person consented to.
_REFRESH_SCOPES: Final[Mapping[str, str | None]] = {
    "google": None,
    "microsoft": "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
}
_CLIENT_SCOPE: Final = "https://outlook.office365.com/.default"
#: A token this near to its end is not used for a new connection.
_MARGIN: Final = timedelta(minutes=2)
#: What a token is good for where the provider does not say; RFC 6749, section 5.1, only recommends that.
_USUAL_S: Final = 600
_TIMEOUT_S: Final = 30.0
_FORM: Final = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429


class OAuthTokens:
    """Implements `connectors.hosts.imap.login.Tokens`. Blocks; belongs to one thread at a time."""

    def __init__(
        self,
        settings: OAuthSettings,
        *,
        client_secret: Callable[[], str],
        refresh_token: Callable[[], str] | None,
        keep: Callable[[str], bool],
        clock: Clock,
    ) -> None:
        """`keep` writes a new refresh token where the old one stands, or says False."""
        self._settings = settings
        self._client_secret = client_secret
        self._refresh_token = refresh_token
        self._keep = keep
        self._clock = clock
        self._token: tuple[str, datetime] | None = None

    def token(self) -> str:
        """See `connectors.hosts.imap.login.Tokens.token`."""
        if self._token is None or self._token[1] - _MARGIN <= self._clock():
            self._token = self._ask()
        return self._token[0]

    def forget(self) -> None:
        """See `connectors.hosts.imap.login.Tokens.forget`."""
        self._token = None

    def _ask(self) -> tuple[str, datetime]:
        refresh_token = self._refresh_token() if self._refresh_token else ""
        answer = self._posted(self._body(refresh_token))
        new = str(answer.get("refresh_token") or "")
        if refresh_token and new not in {"", refresh_token}:
            self._renew(new)
        ends = self._clock() + timedelta(seconds=float(answer.get("expires_in") or _USUAL_S))
        return str(answer["access_token"]), ends

    def _body(self, refresh_token: str) -> str:
        settings = self._settings
        client = BackendApplicationClient(settings.client_id)
        secret = self._client_secret()
        if not refresh_token:
            asked = client.prepare_request_body(
                scope=_CLIENT_SCOPE, include_client_id=True, client_secret=secret
            )
            return str(asked)
        body = client.prepare_refresh_body(
            refresh_token=refresh_token,
            scope=_REFRESH_SCOPES[settings.provider],
            client_id=settings.client_id,
            client_secret=secret,
        )
        return str(body)

    def _posted(self, body: str) -> Mapping[str, Any]:
        provider = self._settings.provider
        url = self._settings.token_url or _TOKEN_URLS[provider].format(tenant=self._settings.tenant)
        try:
            answer = httpx.post(url, content=body, headers=_FORM, timeout=_TIMEOUT_S)
        except httpx.HTTPError as error:
            raise MailboxAway(f"{provider} gives no token: {type(error).__name__}") from error
        if answer.status_code >= _SERVER_ERROR or answer.status_code == _TOO_MANY:
            raise MailboxAway(f"{provider} gives no token: status {answer.status_code}")
        try:
            found: Mapping[str, Any] = BackendApplicationClient(
                self._settings.client_id
            ).parse_request_body_response(answer.text)
        except OAuth2Error as error:
            # invalid_grant is a consent that was taken back, invalid_client a secret that has ended.
            raise LoginRefused(f"{provider} gives no token: {error.error}") from error
        return found

    def _renew(self, new: str) -> None:
        """Keep a new refresh token: the old one ends some day, with Microsoft after ninety days."""
        try:
            kept, reason = self._keep(new), "it does not stand in a file"
        except OSError as error:
            kept, reason = False, error.strerror or str(error)
        if not kept:
            _log.warning("refresh_token_not_kept", reason=reason)
