"""Settings about the console: where it stands, and who may use it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, IPvAnyNetwork, StringConstraints

from worker.commands import Name
from worker.frozen import Frozen
from worker.measures import Port, Seconds, SecretReference

#: What somebody may do: look, act, or also read what others did.
RoleName = Literal["viewer", "operator", "admin"]
#: A password as an Argon2 hash (`bridge console password` makes one), or a reference to one.
PasswordHash = Annotated[
    str, StringConstraints(pattern=r"^(\$argon2id?\$.+|env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")
]
#: The unique name of a person or a program.
PersonName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9@_.-]{0,59}$")]


class AccountSettings(Frozen):
    """One person who logs in with a password of the console's own."""

    #: What somebody may do.
    role: RoleName
    #: A hash, as `bridge console password` makes it.
    password: PasswordHash = Field(repr=False)


class TokenSettings(Frozen):
    """One program that uses the admin API."""

    #: What it may do.
    role: RoleName
    #: Its tokens, any of which it may present; several while one is being rotated.
    tokens: Annotated[tuple[SecretReference, ...], Field(min_length=1)]


class OidcSettings(Frozen):
    """An OpenID provider by which people log in."""

    #: As in `https://login.example.com/realms/ops`; `/.well-known/openid-configuration` stands beneath it.
    issuer: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$")]
    #: What the provider knows the console by.
    client_id: Annotated[str, Field(min_length=1)]
    #: None for a client that has no secret; PKCE protects the code in either case.
    client_secret: SecretReference | None = None
    #: What is asked for, `openid` among it.
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    #: The claim of the ID token that names a person in the audit log.
    name_claim: str = "email"
    #: The claim that says what somebody may do: a text or a list of texts.
    role_claim: str = "groups"
    #: The roles, by a value of that claim; the highest one counts. Whoever has none of them is refused.
    roles: Mapping[str, RoleName] = Field(default_factory=dict)
    #: What the button says.
    title: str = "Single sign-on"
    #: How long one call to the provider may take.
    timeout_s: Seconds = 10.0


class LoginSettings(Frozen):
    """How long people stay logged in, and how often a password may be tried."""

    #: A log-in ends after this time, and sooner when nothing is done for `idle_s`.
    lasts_s: Seconds = 12 * 3600.0
    idle_s: Seconds = 2 * 3600.0
    #: Wrong passwords for one account, and from one address, within `window_s`; then nobody gets in that way.
    per_account: int = Field(default=10, ge=1)
    per_address: int = Field(default=30, ge=1)
    #: How long a wrong password counts.
    window_s: Seconds = 900.0


class ConsoleSettings(Frozen):
    """The operations console and the admin API.

    Without accounts and OIDC it serves this machine only, and whoever reaches it may do everything.
    """

    #: Whether `bridge up` brings it.
    enabled: bool = True
    #: The address to listen on.
    host: str = "127.0.0.1"
    #: 0 takes a free one.
    port: Port = 8090
    #: What browsers know it by, as in `https://bridge.example.com`; requests for any other host are refused.
    #: Needed where it is reached by anything but this machine's own names.
    public_url: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s/?#]+)?$")] = ""
    #: Addresses and networks of proxies whose word about who connected is believed.
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    #: Where the sandbox is that stands in for the API; a page shows what it holds. `bridge up` says where its
    #: own one is.
    sandbox_url: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s/?#]+)?$")] = ""
    accounts: Mapping[PersonName, AccountSettings] = Field(default_factory=dict)
    oidc: OidcSettings | None = None
    login: LoginSettings = LoginSettings()
    #: Who may use the admin API.
    clients: Mapping[Name, TokenSettings] = Field(default_factory=dict)

    @property
    def knows_people(self) -> bool:
        """Whether people have to log in."""
        return bool(self.accounts) or self.oidc is not None
