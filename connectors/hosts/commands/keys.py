"""Keys: which client a request comes from, by its bearer key (RFC 6750)."""

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from connectors.hosts.commands.problems import UNAUTHORIZED, Problem
from worker.errors import SecretMissing, SettingsError
from worker.settings import client_channel

_log: Any = structlog.get_logger()

_SHORTEST: Final = 16
# RFC 6750, section 2.1: what can stand behind `Bearer`.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_BEARER: Final = re.compile(r"Bearer +(\S+)", re.IGNORECASE)
_REALM: Final = 'Bearer realm="openmedia-bridge"'


@dataclass(frozen=True, slots=True)
class Client:
    """One caller of the command API."""

    name: str
    #: The services whose interactions it may touch.
    services: frozenset[str]
    #: Gives its present keys; several while one is being rotated. Raises SecretMissing.
    read_keys: Callable[[], Sequence[str]]

    @property
    def channel(self) -> str:
        """The channel by which its commands come."""
        return client_channel(self.name)


def check(clients: Sequence[Client]) -> None:
    """Refuse keys that can be guessed, cannot be sent or belong to two clients. Raises SettingsError."""
    owners: dict[str, str] = {}
    for client in clients:
        for key in client.read_keys():
            if len(key) < _SHORTEST:
                raise SettingsError(
                    f"clients.{client.name}.keys: a key of under {_SHORTEST} characters can be guessed; "
                    "make one with `openssl rand -hex 24`"
                )
            if not _TOKEN.fullmatch(key):
                raise SettingsError(
                    f"clients.{client.name}.keys: a key may hold letters, digits and any of -._~+/ only, "
                    "with = at its end: nothing else can be sent as a bearer token"
                )
            if owners.setdefault(key, client.name) != client.name:
                raise SettingsError(
                    f"clients.{client.name}.keys: client {owners[key]!r} has the same key, "
                    "so nobody could tell them apart"
                )


def recognise(clients: Sequence[Client], authorization: Sequence[str]) -> Client:
    """Return whose key was presented. Raises Problem.

    Every key of every client is compared, in a time that does not depend on what was presented.

    Args:
        clients: All clients.
        authorization: The values of the request's Authorization headers.
    """
    if not authorization:
        raise Problem(UNAUTHORIZED, "There is no Authorization header.", headers={"WWW-Authenticate": _REALM})
    found = _BEARER.fullmatch(authorization[0].strip()) if len(authorization) == 1 else None
    presented = _digest(found[1] if found else "")
    owner = None
    for client in clients:
        for key in _present(client):
            if hmac.compare_digest(_digest(key), presented):
                owner = client
    if owner is None or found is None:
        refused = {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'}
        raise Problem(UNAUTHORIZED, "The key is not that of any client.", headers=refused)
    return owner


def _present(client: Client) -> Sequence[str]:
    try:
        return client.read_keys()
    except SecretMissing as error:
        # One client's lost file must not lock out the others.
        _log.error("client_key_missing", client=client.name, reason=str(error))
        return ()


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
