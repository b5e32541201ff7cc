"""The provider: log-ins by OpenID Connect, by the code flow with PKCE.

RFC 6749 and RFC 7636 by oauthlib, the ID token's proof by joserfc; here is only what OpenID Connect Core 1.0
adds: discovery, state, nonce, and which claims say who somebody is.
"""

import hashlib
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from console.links import is_loopback
from console.people import Person, Role
from worker.console_settings import OidcSettings
from worker.errors import BridgeError
from worker.secrets import Secrets

#: What may sign an ID token: keys of which only the provider has the secret half.
_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
#: How far the provider's clock may be from ours.
_LEEWAY_S: Final = 60
_VERIFIER_LENGTH: Final = 64
_LONGEST_NAME: Final = 200
#: Stands before the queries that oauthlib writes and reads: it takes no plain http, not even on this machine.
_HTTPS: Final = "https://console.invalid/"
_FORM: Final = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


class ProviderFailed(BridgeError):
    """The provider did not answer as OpenID Connect has it."""


class NotLetIn(BridgeError):
    """The provider knows somebody who has no role here."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What somebody takes along to the provider, and has to come back with."""

    state: str
    nonce: str
    #: The secret of which the provider is told the hash (PKCE).
    verifier: str
    redirect_uri: str
    #: Where they wanted to go.
    wanted: str

    @classmethod
    def new(cls, redirect_uri: str, wanted: str) -> "Ticket":
        """Return a ticket that nobody can guess."""
        verifier = WebApplicationClient("").create_code_verifier(_VERIFIER_LENGTH)
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), verifier, redirect_uri, wanted)

    def dump(self) -> str:
        """Return it as a text for the store."""
        return orjson.dumps([self.state, self.nonce, self.verifier, self.redirect_uri, self.wanted]).decode()

    @classmethod
    def load(cls, text: str) -> "Ticket":
        """Return the ticket of a text."""
        return cls(*orjson.loads(text))


class Provider:
    """One OpenID provider."""

    def __init__(self, settings: OidcSettings, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets
        self._issuer = settings.issuer.rstrip("/")
        self._tls = httpx.create_ssl_context()

    async def way(self, ticket: Ticket) -> str:
        """Return where to send somebody who wants to log in. Raises ProviderFailed."""
        metadata = await self._metadata()
        client = WebApplicationClient(self._settings.client_id)
        challenge = client.create_code_challenge(ticket.verifier, "S256")
        asked = client.prepare_request_uri(
            _HTTPS,
            redirect_uri=ticket.redirect_uri,
            scope=list(self._settings.scopes),
            state=ticket.state,
            nonce=ticket.nonce,
            code_challenge=challenge,
            code_challenge_method="S256",
        )
        place = self._address(metadata, "authorization_endpoint")
        return f"{place}{'&' if urlsplit(place).query else '?'}{urlsplit(asked).query}"

    async def person(self, ticket: Ticket, query: str) -> Person:
        """Return who came back with a query. Raises ProviderFailed or NotLetIn."""
        metadata = await self._metadata()
        client = WebApplicationClient(self._settings.client_id)
        try:
            returned = client.parse_request_uri_response(f"{_HTTPS}?{query}", ticket.state)
        except OAuth2Error as error:
            raise ProviderFailed(f"The provider did not let you in: {error.error}") from error
        if returned.get("iss", metadata["issuer"]) != metadata["issuer"]:
            raise ProviderFailed("The answer came from another provider")  # RFC 9207
        body = client.prepare_request_body(
            code=returned["code"], redirect_uri=ticket.redirect_uri, code_verifier=ticket.verifier
        )
        answer = await self._ask("POST", self._address(metadata, "token_endpoint"), content=body)
        claims = await self._claims(str(answer.get("id_token", "")), metadata, nonce=ticket.nonce)
        return person_of(claims, self._settings)

    async def _claims(self, id_token: str, metadata: Mapping[str, Any], *, nonce: str) -> Mapping[str, Any]:
        """Return what a proved ID token claims (OpenID Connect Core 1.0, section 3.1.3.7)."""
        keys = await self._ask("GET", self._address(metadata, "jwks_uri"))
        client_id = self._settings.client_id
        rules = jwt.JWTClaimsRegistry(
            now=int(time.time()),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": metadata["issuer"]},
            aud={"essential": True, "value": client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            token = jwt.decode(id_token, KeySet.import_key_set(_key_set(keys)), algorithms=_ALGORITHMS)
            rules.validate(token.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            reason = getattr(error, "error", "") or type(error).__name__
            raise ProviderFailed(f"The provider's ID token is not believed: {reason}") from error
        if token.claims.get("azp", client_id) != client_id:
            raise ProviderFailed("The provider's ID token is not believed: it was made for another client")
        return token.claims

    async def _metadata(self) -> Mapping[str, Any]:
        place = f"{self._issuer}/.well-known/openid-configuration"
        found = await self._ask("GET", self._address({"issuer": place}, "issuer"))
        if str(found.get("issuer", "")).rstrip("/") != self._issuer:
            raise ProviderFailed(
                f"The provider calls itself {found.get('issuer')!r}: is console.oidc.issuer right?"
            )
        return found

    def _address(self, metadata: Mapping[str, Any], name: str) -> str:
        """Return one of the provider's addresses: with TLS, unless it stands on this machine."""
        address = str(metadata.get(name, ""))
        try:
            parts = urlsplit(address)
        except ValueError as error:
            raise ProviderFailed(f"The provider's {name} is {address!r}, which is no address") from error
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise ProviderFailed(f"The provider's {name} is {address!r}, which is not https")
        return address

    async def _ask(self, method: str, address: str, *, content: str = "") -> dict[str, Any]:
        auth = None
        if method == "POST" and self._settings.client_secret:
            secret = self._secrets.value(self._settings.client_secret)
            # both are percent-encoded first: RFC 6749, section 2.3.1
            auth = httpx.BasicAuth(quote(self._settings.client_id, safe=""), quote(secret, safe=""))
        try:
            async with httpx.AsyncClient(timeout=self._settings.timeout_s, verify=self._tls) as client:
                answer = await client.request(
                    method, address, content=content or None, headers=_FORM if content else None, auth=auth
                )
            found = answer.json() if answer.is_success else None
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderFailed(f"The provider does not answer: {type(error).__name__}") from error
        if not isinstance(found, dict):
            raise ProviderFailed(
                f"The provider answered {address.partition('?')[0]} with {answer.status_code}"
            )
        return found


def person_of(claims: Mapping[str, Any], settings: OidcSettings) -> Person:
    """Return who somebody is by their claims, the highest of their roles. Raises NotLetIn."""
    name = str(claims.get(settings.name_claim) or claims["sub"])[:_LONGEST_NAME]
    said = claims.get(settings.role_claim)
    values: Sequence[Any] = said if isinstance(said, list) else [said]
    roles = [
        Role.labelled(settings.roles[each])
        for each in values
        if isinstance(each, str) and each in settings.roles
    ]
    if not roles:
        raise NotLetIn(
            f"{name} is known to the provider but has no role here: console.oidc.roles names none of "
            f"their {settings.role_claim}"
        )
    return Person(name, max(roles), "oidc")


def ticket_name(state: str, token: str) -> str:
    """Return the name under which a ticket is kept: it is for one browser only."""
    return hashlib.sha256(f"{state} {token}".encode("utf-8", "surrogatepass")).hexdigest()


def _key_set(keys: Mapping[str, Any]) -> Any:  # noqa: ANN401 - joserfc checks its shape
    return {"keys": keys["keys"]}
