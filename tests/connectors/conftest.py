"""A door that records, a clock that stands still, and channels built of the fixtures' settings."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Connector, Delivery, Envelope
from connectors.headers import Headers
from connectors.registry import build
from worker.commands import Command
from worker.errors import KeyConflict
from worker.lanes import Receipt
from worker.letters import Unreadable
from worker.settings import ChannelSettings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TRACE = "0af7651916cd43dd8448eb211c80319c"
FIXTURES = Path(__file__).parent / "fixtures"


@dataclass
class RecordingDoor:
    """Implements `worker.ports.Door` in memory."""

    #: What was accepted, in order, without duplicates.
    commands: list[Command] = field(default_factory=list)
    letters: dict[str, Unreadable] = field(default_factory=dict)
    counters: list[tuple[str, str]] = field(default_factory=list)
    #: Raised by the next submissions and letters, while there is one.
    fault: BaseException | None = None
    seen: dict[str, tuple[str, Receipt]] = field(default_factory=dict)

    async def submit(self, commands: Sequence[Command]) -> tuple[Receipt, ...]:
        """Accept each command once."""
        if self.fault:
            raise self.fault
        return tuple(map(self._accept, commands))

    async def keep(self, letter: Unreadable) -> None:
        """Keep each letter once."""
        if self.fault:
            raise self.fault
        self.letters[letter.id] = letter

    async def tally(self, service: str, counter: str) -> None:
        """Count."""
        self.counters.append((service, counter))

    def _accept(self, command: Command) -> Receipt:
        key, fingerprint = command.idempotency_key, command.fingerprint
        if key in self.seen:
            first, receipt = self.seen[key]
            if first != fingerprint:
                raise KeyConflict(key, first=first, second=fingerprint)
            return receipt.model_copy(update={"duplicate": True})
        before = [each for each in self.commands if each.external_id == command.external_id]
        receipt = Receipt(
            id=f"receipt-{len(self.commands) + 1}",
            service=command.service,
            external_id=command.external_id,
            sequence=len(before) + 1,
            position=len(before),
            accepted_at=NOW,
        )
        self.commands.append(command)
        self.seen[key] = (fingerprint, receipt)
        return receipt


@pytest.fixture
def door() -> RecordingDoor:
    """An empty door."""
    return RecordingDoor()


@pytest.fixture
def broken_door() -> Callable[[BaseException], RecordingDoor]:
    """A door that fails in a given way."""
    return lambda fault: RecordingDoor(fault=fault)


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: NOW


@pytest.fixture
def ids() -> Callable[[], str]:
    """Ids that count."""
    numbers: Iterator[int] = count(1)
    return lambda: f"{next(numbers):032x}"


@dataclass(frozen=True)
class Settled:
    """A connector of the fixtures, and what is needed to make deliveries that it believes."""

    connector: Connector
    secrets: tuple[str, ...]
    addresses: tuple[str, ...]

    def delivery(self, body: bytes, *, secret: int = 0, **headers: str) -> Delivery:
        """Return a delivery as the channel's genuine sender would hand it over."""
        if "smtp" in self.connector.hosts:
            envelope = Envelope("sender@example.org", self.addresses)
            return self._delivery(body, headers, envelope)
        return self._delivery(body, {**headers, "X-Signature-256": sign(body, self.secrets[secret])}, None)

    def _delivery(self, body: bytes, headers: dict[str, str], envelope: Envelope | None) -> Delivery:
        return Delivery(
            channel=self.connector.channel,
            headers=Headers(headers.items()),
            body=body,
            arrived_at=NOW,
            peer="192.0.2.7",
            envelope=envelope,
            trace_id=TRACE,
        )


def sign(body: bytes, secret: str) -> str:
    """Return the signature header of a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def settle(kind: str) -> Settled:
    """Return the channel that `fixtures/<kind>/channel.json` describes."""
    written: dict[str, Any] = json.loads((FIXTURES / kind / "channel.json").read_text("utf-8"))
    settings = ChannelSettings(
        connector=kind,
        service=written["service"],
        options=written["options"],
        verify=written.get("verify", ""),
    )
    secrets = tuple(written["secrets"])
    connector = build(written["channel"], settings, lambda: secrets)
    return Settled(connector, secrets, tuple(written["options"].get("addresses", ())))


@pytest.fixture
def tickets() -> Settled:
    """The webhook channel of the fixtures."""
    return settle("webhook")


@pytest.fixture
def mailbox() -> Settled:
    """The mail channel of the fixtures."""
    return settle("email")


@pytest.fixture
def make_settled() -> Callable[[str], Settled]:
    """Give the fixtures' channel of any connector."""
    return settle
