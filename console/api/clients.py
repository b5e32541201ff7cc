"""Clients of the admin API: which program a request comes from, by its bearer token, and what it may do."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.hosts.commands import keys
from connectors.hosts.commands.keys import Client
from console.people import Person, Role
from worker.console_settings import ConsoleSettings
from worker.errors import SettingsError
from worker.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Clients:
    """Everybody who may use the admin API."""

    known: tuple[Client, ...]
    roles: dict[str, Role]

    def recognise(self, authorization: Sequence[str]) -> Person:
        """Return whose token was presented. Raises Problem."""
        client = keys.recognise(self.known, authorization)
        return Person(client.name, self.roles[client.name], "token")


def clients_of(settings: ConsoleSettings, secrets: Secrets) -> Clients:
    """Return every client. Raises SettingsError for tokens that are missing or not fit for use."""
    known = tuple(
        Client(name, frozenset(), secrets.readers(each.tokens)) for name, each in settings.clients.items()
    )
    try:
        keys.check(known)
    except SettingsError as error:
        raise SettingsError(f"console.{str(error).replace('.keys: ', '.tokens: ', 1)}") from error
    return Clients(known, {name: Role.labelled(each.role) for name, each in settings.clients.items()})
