"""Visits in Redis: each is a key of its own that ends by itself."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

from worker.store.link import Linked
from worker.store.scripts import Script
from worker.visits import Visit

_ATTEMPT: Final = Script.named("attempt")
_MILLISECOND: Final = timedelta(milliseconds=1)


class RedisVisits(Linked):
    """Implements `worker.access_ports.Visits`."""

    async def open_visit(self, name: str, visit: Visit, *, idle: timedelta) -> None:
        """See `worker.access_ports.Visits.open_visit`."""
        key = _key("visit", name)
        await self._link.ask(self._link.redis.set(key, visit.model_dump_json(), px=idle // _MILLISECOND))

    async def visit(self, name: str, *, idle: timedelta | None) -> Visit | None:
        """See `worker.access_ports.Visits.visit`."""
        key, redis = _key("visit", name), self._link.redis
        text = await self._link.ask(redis.getex(key, px=idle // _MILLISECOND) if idle else redis.get(key))
        return Visit.model_validate_json(text) if text else None

    async def close_visit(self, name: str) -> None:
        """See `worker.access_ports.Visits.close_visit`."""
        await self._link.ask(self._link.redis.delete(_key("visit", name)))

    async def end_visits(self, person: str, *, at: datetime, remember: timedelta) -> None:
        """See `worker.access_ports.Visits.end_visits`."""
        key = _key("ended", person)
        await self._link.ask(self._link.redis.set(key, at.isoformat(), px=remember // _MILLISECOND))

    async def visits_ended(self, person: str) -> datetime | None:
        """See `worker.access_ports.Visits.visits_ended`."""
        text = await self._link.ask(self._link.redis.get(_key("ended", person)))
        return datetime.fromisoformat(text.decode()) if text else None

    async def count_attempt(self, what: str, *, window: timedelta) -> int:
        """See `worker.access_ports.Visits.count_attempt`."""
        return int(await self._link.run(_ATTEMPT, (_key("attempts", what),), window // _MILLISECOND))

    async def forget_attempts(self, what: str) -> None:
        """See `worker.access_ports.Visits.forget_attempts`."""
        await self._link.ask(self._link.redis.delete(_key("attempts", what)))

    async def leave_ticket(self, name: str, ticket: str, *, lifetime: timedelta) -> None:
        """See `worker.access_ports.Visits.leave_ticket`."""
        key = _key("ticket", name)
        await self._link.ask(self._link.redis.set(key, ticket, px=lifetime // _MILLISECOND))

    async def take_ticket(self, name: str) -> str | None:
        """See `worker.access_ports.Visits.take_ticket`."""
        ticket = await self._link.ask(self._link.redis.getdel(_key("ticket", name)))
        return ticket.decode() if ticket else None


class MemoryVisits:
    """The same in memory; nothing ends by itself."""

    def __init__(self) -> None:
        self._visits: dict[str, Visit] = {}
        self._ended: dict[str, datetime] = {}
        self._attempts: defaultdict[str, int] = defaultdict(int)
        self._tickets: dict[str, str] = {}

    async def open_visit(self, name: str, visit: Visit, *, idle: timedelta) -> None:  # noqa: ARG002 - the port's
        """See `worker.access_ports.Visits.open_visit`."""
        self._visits[name] = visit

    async def visit(self, name: str, *, idle: timedelta | None) -> Visit | None:  # noqa: ARG002 - the port's
        """See `worker.access_ports.Visits.visit`."""
        return self._visits.get(name)

    async def close_visit(self, name: str) -> None:
        """See `worker.access_ports.Visits.close_visit`."""
        self._visits.pop(name, None)

    async def end_visits(self, person: str, *, at: datetime, remember: timedelta) -> None:  # noqa: ARG002 - the port's
        """See `worker.access_ports.Visits.end_visits`."""
        self._ended[person] = at

    async def visits_ended(self, person: str) -> datetime | None:
        """See `worker.access_ports.Visits.visits_ended`."""
        return self._ended.get(person)

    async def count_attempt(self, what: str, *, window: timedelta) -> int:  # noqa: ARG002 - the port's
        """See `worker.access_ports.Visits.count_attempt`."""
        self._attempts[what] += 1
        return self._attempts[what]

    async def forget_attempts(self, what: str) -> None:
        """See `worker.access_ports.Visits.forget_attempts`."""
        self._attempts.pop(what, None)

    async def leave_ticket(self, name: str, ticket: str, *, lifetime: timedelta) -> None:  # noqa: ARG002 - the port's
        """See `worker.access_ports.Visits.leave_ticket`."""
        self._tickets[name] = ticket

    async def take_ticket(self, name: str) -> str | None:
        """See `worker.access_ports.Visits.take_ticket`."""
        return self._tickets.pop(name, None)


def _key(kind: str, name: str) -> str:
    return f"bridge:{{visits}}:{kind}:{name}"
