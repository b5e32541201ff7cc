"""Proofs that an API knows what the ledger holds open, in Redis and in memory.

What belongs to a service as a whole has the hash tag `{reconcile:service}`.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from worker.store import wire
from worker.store.link import Linked
from worker.store.scripts import Script

_SPEND: Final = Script.named("spend")
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class ProofKeys:
    """The keys of what the checks of a service have shown."""

    #: What every key begins with.
    prefix: str

    @classmethod
    def of(cls, service: str) -> "ProofKeys":
        """Return the keys of a service."""
        return cls(f"bridge:{{reconcile:{service}}}:")

    @property
    def proof(self) -> str:
        """String: `ms|place`, when an API showed that it knows one of ours, and which."""
        return self.prefix + "proof"

    @property
    def ventured(self) -> str:
        """Hash: interaction that was closed without a proof → when, 1, how many before it."""
        return self.prefix + "ventured"

    @property
    def doubt(self) -> str:
        """String: milliseconds since which no more is closed."""
        return self.prefix + "doubt"


class RedisProofs(Linked):
    """Implements `worker.upkeep_ports.Proofs`."""

    async def prove(self, service: str, place: str, *, now: datetime) -> None:
        """See `worker.upkeep_ports.Proofs.prove`."""
        keys, redis = ProofKeys.of(service), self._link.redis
        await self._link.ask(redis.set(keys.proof, f"{wire.millis(now)}|{place}"))
        await self._link.ask(redis.delete(keys.ventured, keys.doubt))

    async def proved(self, service: str, place: str) -> datetime | None:
        """See `worker.upkeep_ports.Proofs.proved`."""
        stored = await self._link.ask(self._link.redis.get(ProofKeys.of(service).proof))
        at, _, where = (stored or b"").partition(b"|")
        return wire.moment(int(at)) if at and where.decode() == place else None

    async def venture(self, service: str, name: str, *, cap: int, within: timedelta, now: datetime) -> bool:
        """See `worker.upkeep_ports.Proofs.venture`."""
        before: int = await self._link.run(
            _SPEND,
            (ProofKeys.of(service).ventured,),
            wire.millis(now),
            name,
            1,
            cap,
            within // _MILLISECOND,
        )
        return before < cap

    async def doubt(self, service: str, *, now: datetime) -> bool:
        """See `worker.upkeep_ports.Proofs.doubt`."""
        key = ProofKeys.of(service).doubt
        return bool(await self._link.ask(self._link.redis.set(key, wire.millis(now), nx=True)))

    async def doubted(self, service: str) -> datetime | None:
        """See `worker.upkeep_ports.Proofs.doubted`."""
        stored = await self._link.ask(self._link.redis.get(ProofKeys.of(service).doubt))
        return wire.moment(int(stored)) if stored else None


@dataclass(slots=True)
class _Shown:
    proof: tuple[datetime, str] | None = None
    ventured: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    doubted: datetime | None = None


class MemoryProofs:
    """The same in memory."""

    def __init__(self) -> None:
        self._shown: defaultdict[str, _Shown] = defaultdict(_Shown)

    async def prove(self, service: str, place: str, *, now: datetime) -> None:
        """See `worker.upkeep_ports.Proofs.prove`."""
        self._shown[service] = _Shown((now, place))

    async def proved(self, service: str, place: str) -> datetime | None:
        """See `worker.upkeep_ports.Proofs.proved`."""
        proof = self._shown[service].proof
        return proof[0] if proof and proof[1] == place else None

    async def venture(self, service: str, name: str, *, cap: int, within: timedelta, now: datetime) -> bool:
        """See `worker.upkeep_ports.Proofs.venture`."""
        ventured = self._shown[service].ventured
        if name in ventured:
            return ventured[name][1] < cap
        for gone in [each for each, (at, _) in ventured.items() if at <= now - within]:
            del ventured[gone]
        before = len(ventured)
        if before < cap:
            ventured[name] = (now, before)
        return before < cap

    async def doubt(self, service: str, *, now: datetime) -> bool:
        """See `worker.upkeep_ports.Proofs.doubt`."""
        shown = self._shown[service]
        begins = shown.doubted is None
        shown.doubted = shown.doubted or now
        return begins

    async def doubted(self, service: str) -> datetime | None:
        """See `worker.upkeep_ports.Proofs.doubted`."""
        return self._shown[service].doubted
