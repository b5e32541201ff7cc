"""A door that records, a clock that stands still, and channels built of the fixtures' settings."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Connector, Delivery, Envelope
from connectors.headers import Headers
from connectors.registry import build, kind
from console.request_file import read_request
from tests.connectors.signing import SNS_EVIDENCE, sign
from worker.arrivals import Arrival
from worker.blob import BlobName
from worker.commands import Command
from worker.errors import KeyConflict
from worker.events import Event
from worker.lanes import Receipt
from worker.letters import Unreadable
from worker.notes import Note
from worker.settings import ChannelSettings
from worker.store.threads import MemoryThreads

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TRACE = "0af7651916cd43dd8448eb211c80319c"
FIXTURES = Path(__file__).parent / "fixtures"


@dataclass
class RecordingDoor:
    """Implements `worker.ports.Door` in memory."""

    #: What was accepted, in order, without duplicates.
    commands: list[Command] = field(default_factory=list)
    letters: dict[str, Unreadable] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    counters: list[tuple[str, str]] = field(default_factory=list)
    #: What was reported.
    events: list[Event] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    #: Raised by the next submissions and letters, while there is one.
    fault: BaseException | None = None
    seen: dict[str, tuple[str, Receipt]] = field(default_factory=dict)
    threads: MemoryThreads = field(default_factory=MemoryThreads)

    async def submit(self, commands: Sequence[Command]) -> tuple[Receipt, ...]:
        """Accept each command once."""
        if self.fault:
            raise self.fault
        return tuple(map(self._accept, commands))

    async def preserve(self, channel: str, content: bytes) -> None:
        """Keep each message once."""
        if self.fault:
            raise self.fault
        self.blobs[str(BlobName.of(channel, content))] = content

    async def keep(self, letter: Unreadable) -> None:
        """Keep each letter once."""
        if self.fault:
            raise self.fault
        self.letters[letter.id] = letter

    async def bind(
        self, service: str, channel: str, names: Sequence[str], *, mark: str, default: str, window: timedelta
    ) -> str:
        """Bind names as the store would, at a moment that does not pass."""
        if self.fault:
            raise self.fault
        return await self.threads.bind(
            service, channel, names, mark=mark, default=default, window=window, now=NOW
        )

    async def recur(
        self, service: str, channel: str, name: str, member: str, *, at: datetime, window: timedelta
    ) -> int:
        """Count as the store would."""
        if self.fault:
            raise self.fault
        return await self.threads.recur(service, channel, name, member, window=window, now=at)

    async def note(self, note: Note) -> None:
        """Remember as the store would."""
        if self.fault:
            raise self.fault
        await self.threads.note(note)

    def remember(self, arrival: Arrival) -> None:
        """Remember what came, and how it was answered."""
        self.arrivals.append(arrival)

    async def tally(self, service: str, counter: str) -> None:
        """Count."""
        self.counters.append((service, counter))

    def tell(self, event: Event) -> None:
        """Listen."""
        self.events.append(event)

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
def make_door() -> Callable[[], RecordingDoor]:
    """Make empty doors, for tests that need one for each example."""
    return RecordingDoor


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
    #: How its deliveries are signed, as in the settings.
    verify: str | Mapping[str, Any]
    secrets: tuple[str, ...]
    addresses: tuple[str, ...]

    def delivery(self, body: bytes, *, secret: int = 0, **headers: str) -> Delivery:
        """Return a delivery of a body as the channel's genuine sender would hand it over."""
        if "smtp" in self.connector.hosts:
            return self._mail(body)
        pairs = [("Content-Type", "application/json"), *headers.items()]
        return self.proved(self._bare(body, Headers(pairs), url="https://bridge.example.com/"), secret)

    def request(self, content: bytes, *, secret: int = 0) -> Delivery:
        """Return the delivery of a fixture, with its proof."""
        return self.proved(self.unproved(content), secret)

    def unproved(self, content: bytes) -> Delivery:
        """Return the delivery of a fixture as it stands there."""
        if "smtp" in self.connector.hosts:
            return self._mail(content)
        found = read_request(content, channel=self.connector.channel, arrived_at=NOW)
        return replace(found, peer="192.0.2.7", trace_id=TRACE)

    def proved(self, delivery: Delivery, secret: int = 0) -> Delivery:
        """Return a delivery with the proof that its sender would give."""
        return sign(self.verify, delivery, self.secrets[secret] if self.secrets else "")

    def _mail(self, body: bytes) -> Delivery:
        envelope = Envelope("sender@example.org", self.addresses)
        return replace(self._bare(body, Headers()), envelope=envelope)

    def _bare(self, body: bytes, headers: Headers, url: str = "") -> Delivery:
        return Delivery(
            channel=self.connector.channel,
            headers=headers,
            body=body,
            arrived_at=NOW,
            peer="192.0.2.7",
            trace_id=TRACE,
            url=url,
        )


def fixtures_of(name: str) -> Path:
    """Return the folder of a kind's deliveries: here, or where another package keeps them."""
    return kind(name).fixtures or FIXTURES / name


def settle(name: str) -> Settled:
    """Return the channel that the `channel.json` of a kind's fixtures describes."""
    written: dict[str, Any] = json.loads((fixtures_of(name) / "channel.json").read_text("utf-8"))
    settings = ChannelSettings(
        connector=name,
        service=written["service"],
        options=written["options"],
        verify=written.get("verify", ""),
    )
    secrets = tuple(written["secrets"])
    connector = build(written["channel"], settings, lambda: secrets, SNS_EVIDENCE)
    verify = settings.verify or kind(name).verify
    return Settled(connector, verify, secrets, tuple(written["options"].get("addresses", ())))


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
