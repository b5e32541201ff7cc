"""Mail settings: the doors for mail, and the mailboxes that are read."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from worker.frozen import Frozen
from worker.measures import FileReference, Port, Seconds, SecretReference

_MIB = 1024 * 1024
_IMAP_PORT, _IMAPS_PORT = 143, 993
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SmtpSettings(Frozen):
    """The door for mail by SMTP."""

    #: Whether the port is opened. Unset opens it when a mail channel has no other way in.
    enabled: bool | None = None
    #: The address to listen on; `0.0.0.0` is every one.
    host: str = "127.0.0.1"
    #: 0 takes a free one.
    port: Port = 8025
    #: A second port on which a connection begins with TLS; 0 takes a free one, unset opens none.
    tls_port: Port | None = None
    #: The largest mail accepted, in bytes.
    max_message_bytes: int = Field(default=30 * _MIB, gt=0)
    #: The certificate chain and its private key, PEM; with them STARTTLS is offered. Changed files are read
    #: again.
    certificate: FileReference | None = None
    private_key: FileReference | None = None
    #: Whether mail is taken over TLS only.
    require_tls: bool = False
    #: Who may log in (AUTH PLAIN and LOGIN), with each one's password; with any, everybody must.
    users: Mapping[str, SecretReference] = Field(default_factory=dict)
    #: Whether passwords are taken without TLS.
    allow_plain_login: bool = False
    #: Connections held at the same time by one intake process, in all and from one address.
    max_connections: int = Field(default=200, ge=1)
    max_connections_per_peer: int = Field(default=20, ge=1)
    #: How long a sender may take for one command, or for one mail's data.
    timeout_s: Seconds = 300.0
    #: Refused commands after which the connection is ended.
    max_errors: int = Field(default=20, ge=1)

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("smtp.certificate and smtp.private_key go together: set both, or none")
        if self.certificate is None and (self.require_tls or self.tls_port is not None):
            raise ValueError("smtp.require_tls and smtp.tls_port need smtp.certificate and smtp.private_key")
        if self.users and self.certificate is None and not self.allow_plain_login:
            raise ValueError(
                "smtp.users could not log in: passwords need TLS (smtp.certificate and smtp.private_key) "
                "or smtp.allow_plain_login = true"
            )
        return self


class LmtpSettings(Frozen):
    """The door for mail by LMTP (RFC 2033): for a mail server that stands beside the bridge."""

    #: The address to listen on.
    host: str = "127.0.0.1"
    #: 0 takes a free one; unset opens none.
    port: Port | None = None
    #: The path of a unix socket to listen on; empty for none.
    socket: str = ""


class OAuthSettings(Frozen):
    """How an access token for a mailbox is had (XOAUTH2)."""

    #: Whose mailbox it is.
    provider: Literal["google", "microsoft"]
    #: What the provider knows the bridge by.
    client_id: str
    #: The secret that goes with `client_id`.
    client_secret: SecretReference
    #: Microsoft's directory; `common` for a refresh token of any.
    tenant: str = "common"
    #: What a person consented to once; without one the client's own credentials are used (Microsoft only). A
    #: new one that the provider sends is written where a `file:` reference leads.
    refresh_token: SecretReference | None = None
    #: Where tokens are asked for, where that is not the provider's usual place.
    token_url: str = ""

    @model_validator(mode="after")
    def _grant_is_possible(self) -> Self:
        if self.refresh_token is None and self.provider == "google":
            raise ValueError("oauth.refresh_token is needed: Google gives mailboxes to no client of its own")
        if self.refresh_token is None and self.tenant == "common":
            raise ValueError("oauth.tenant is needed where there is no refresh_token: name the directory")
        return self


class MailboxSettings(Frozen):
    """One folder of an IMAP server, read as a channel's mail."""

    #: The IMAP server.
    host: str
    #: Unset: 993 with implicit TLS, else 143.
    port: Port | None = None
    #: `none` sends the password in the clear: only to this machine, unless `allow_plain_login` is set.
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    #: Whether the password may travel without TLS to another machine.
    allow_plain_login: bool = False
    #: The certificates to believe the server by, PEM; unset believes those of the system.
    ca: FileReference | None = None
    #: Who logs in.
    user: str
    #: Whose mail it is, one of the channel's addresses; empty where that is the user.
    address: str = ""
    #: One of the two.
    password: SecretReference | None = None
    oauth: OAuthSettings | None = None
    #: Where mail is found.
    folder: str = "INBOX"
    #: Where mail goes after the store accepted it, after it became a dead letter or was refused, and after it
    #: was ignored. Empty leaves it where it is, marked. Folders that are missing are made.
    done_folder: str = ""
    failed_folder: str = ""
    ignored_folder: str = ""
    #: What marks mail that is left where it is: `\\Seen`, or a keyword of your own.
    mark: Annotated[str, StringConstraints(pattern=r"^(\\Seen|[A-Za-z$][A-Za-z0-9_.-]{0,49})$")] = "\\Seen"
    #: Mail that reached the server before this day is left alone.
    since: date | None = None
    #: How often the folder is looked at; at the latest, where the server tells of new mail itself (IDLE).
    poll_s: Seconds = 60.0
    #: Whether IDLE is used where the server offers it.
    idle: bool = True
    #: Mails listed by one request.
    batch: int = Field(default=50, ge=1, le=1000)
    #: The largest mail that is fetched, in bytes; of a larger one the headers become a dead letter.
    max_message_bytes: int = Field(default=30 * _MIB, gt=0)
    #: How long a connection or an answer may take.
    timeout_s: Seconds = 60.0
    #: How long the mailbox stays a poller's after its last sign of life.
    lease_s: Seconds = 60.0
    #: How long a mail that keeps failing or kills its poller is tried before it becomes a dead letter.
    patience_s: Seconds = 300.0
    #: For how many days it is remembered which mails were taken, should the server number them anew.
    remember_days: int = Field(default=400, ge=1, le=3650)

    @property
    def server(self) -> tuple[str, int]:
        """Where the server is: host and port."""
        return self.host, self.port or (_IMAPS_PORT if self.tls == "implicit" else _IMAP_PORT)

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if (self.password is None) == (self.oauth is None):
            raise ValueError("mailbox.password or mailbox.oauth is needed: one of the two")
        if self.tls == "none" and self.host not in _LOOPBACK and not self.allow_plain_login:
            raise ValueError(
                f"mailbox.tls is none, which would send the password to {self.host} in the clear: use "
                "implicit or starttls, or set mailbox.allow_plain_login = true"
            )
        return self
