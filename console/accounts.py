"""Accounts: log-ins by name and password, tried only so often."""

import hashlib
from datetime import timedelta
from typing import Any

import structlog

from console.passwords import Verifier, is_hash
from console.people import Person, Role
from console.visitors import Visitors
from worker.console_settings import ConsoleSettings
from worker.errors import BridgeError, SettingsError
from worker.secrets import Secrets

_log: Any = structlog.get_logger()


class LoginRefused(BridgeError):
    """Name and password do not fit; the text does not say which of them is wrong."""


class TooManyTries(BridgeError):
    """Nobody gets in this way for a while."""


def check(settings: ConsoleSettings, secrets: Secrets) -> None:
    """Refuse accounts whose password is no hash. Raises SettingsError."""
    for name, account in settings.accounts.items():
        known = account.password if account.password.startswith("$") else secrets.value(account.password)
        if not is_hash(known):
            raise SettingsError(
                f"console.accounts.{name}.password is no Argon2 hash; `bridge console password` makes one"
            )


class Accounts:
    """The log-in of those who have an account here."""

    def __init__(self, visitors: Visitors, verifier: Verifier) -> None:
        self._visitors = visitors
        self._verifier = verifier

    async def recognise(self, name: str, password: str, *, address: str) -> Person:
        """Return who this is. Raises LoginRefused or TooManyTries, or StoreUnavailable.

        An attempt counts before the password is looked at, so that many at once get no further than one after
        the other. A name that nobody has is counted and held against a hash all the same.
        """
        visits, login = self._visitors.visits, self._visitors.settings.login
        window = timedelta(seconds=login.window_s)
        by_name, by_address = _counter("account", name), _counter("address", address)
        tries = await visits.count_attempt(by_address, window=window)
        if tries > login.per_address:
            self._refuse(name, address, "too many tries from this address")
        if await visits.count_attempt(by_name, window=window) > login.per_account:
            self._refuse(name, address, "too many tries for this account")
        if not await self._verifier.fits(self._visitors.password_of(name), password):
            _log.warning("login_refused", person=_shown(name), peer=address, reason="wrong name or password")
            raise LoginRefused("Name and password do not fit.")
        await visits.forget_attempts(by_name)
        return Person(name, Role.labelled(self._visitors.settings.accounts[name].role), "account")

    def _refuse(self, name: str, address: str, reason: str) -> None:
        _log.warning("login_refused", person=_shown(name), peer=address, reason=reason)
        minutes = max(round(self._visitors.settings.login.window_s / 60), 1)
        raise TooManyTries(f"There were too many tries. Wait {minutes} minutes, then try again.")


def _counter(kind: str, what: str) -> str:
    return f"{kind}:{hashlib.sha256(what.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _shown(name: str) -> str:
    return ascii(name[:60])[1:-1]
