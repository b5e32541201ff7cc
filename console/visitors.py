"""Visitors: who is behind a browser's token."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from console.people import Person, Role
from console.tokens import kept_as, new_token
from worker.access_ports import Visits
from worker.console_settings import ConsoleSettings, OidcSettings
from worker.errors import SecretMissing
from worker.ports import Clock
from worker.secrets import Secrets
from worker.visits import Visit


@dataclass(frozen=True, slots=True)
class Visitors:
    """Lets people in, and knows them again. A log-in never goes on under a token that was there before it."""

    visits: Visits
    settings: ConsoleSettings
    secrets: Secrets
    clock: Clock

    async def admit(self, person: Person) -> str:
        """Begin a visit and return the token that stands for it."""
        token, now = new_token(), self.clock()
        visit = Visit(
            person=person.name,
            role=person.role.label,
            how=person.how,
            rests_on=self._rests_on(person.name, person.how) or "",
            began_at=now,
            ends_at=now + timedelta(seconds=self.settings.login.lasts_s),
        )
        await self.visits.open_visit(kept_as(token), visit, idle=self._idle)
        return token

    async def find(self, token: str, *, by_itself: bool = False) -> Person | None:
        """Return who a token stands for; None when the visit has ended or rests on what is no longer so.

        What a page asks for by itself is no sign that anybody is there, and leaves the idle time as it is.
        """
        visit = await self.visits.visit(kept_as(token), idle=None if by_itself else self._idle)
        if visit is None:
            return None
        if await self._is_over(visit):
            await self.dismiss(token)
            return None
        return Person(visit.person, self._role(visit), visit.how)

    async def dismiss(self, token: str) -> None:
        """End a visit."""
        await self.visits.close_visit(kept_as(token))

    async def _is_over(self, visit: Visit) -> bool:
        if visit.ends_at <= self.clock() or visit.rests_on != self._rests_on(visit.person, visit.how):
            return True
        ended = await self.visits.visits_ended(visit.person)
        return ended is not None and visit.began_at <= ended

    def password_of(self, name: str) -> str | None:
        """Return the hash of an account's password, None where there is no such account or no hash."""
        account = self.settings.accounts.get(name)
        if account is None:
            return None
        if account.password.startswith("$"):
            return account.password
        try:
            return self.secrets.value(account.password)
        except SecretMissing:
            return None

    @property
    def _idle(self) -> timedelta:
        return timedelta(seconds=self.settings.login.idle_s)

    def _role(self, visit: Visit) -> Role:
        account = self.settings.accounts.get(visit.person) if visit.how == "account" else None
        return Role.labelled(account.role if account else visit.role)

    def _rests_on(self, name: str, how: str) -> str | None:
        """Return a hash of what lets somebody in now, None where nothing does."""
        if how == "oidc":
            return _told(self.settings.oidc)
        password = self.password_of(name)
        return None if password is None else hashlib.sha256(password.encode()).hexdigest()


def _told(oidc: OidcSettings | None) -> str | None:
    """Return a hash of the provider's settings: when its roles change, its visits end."""
    return None if oidc is None else hashlib.sha256(oidc.model_dump_json().encode()).hexdigest()
