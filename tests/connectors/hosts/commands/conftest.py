"""A command API on an in-memory store, and short ways to ask it something."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest

from connectors.email.connector import EmailConnector
from connectors.email.options import EmailOptions
from connectors.hosts.commands.app import CommandApi, create_app
from connectors.hosts.commands.keys import Client
from worker.events import Event
from worker.intake import Intake
from worker.interactions import Interaction
from worker.lanes import Entry, Partition, Settlement
from worker.operations import Operation
from worker.outcomes import Evidence, NotFound, Outcome
from worker.passage import PASSAGE, Passage
from worker.settings import HttpSettings, ServiceSettings
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = "shop-key-0123456789"
LIMIT = 4096
COLLECTION = "/v1/services/support/interactions"
_LEASE = timedelta(seconds=45)


def mailbox(service: str = "support", **options: Any) -> EmailConnector:  # noqa: ANN401 - as the settings have them
    """Return a mail channel."""
    written = {"addresses": ["support@example.com"], **options}
    return EmailConnector("mail", service, EmailOptions.model_validate(written))


class Silent:
    """Implements `worker.ports.Doorbell`: nobody works here but the test."""

    async def ring(self, partition: Partition, *, hops: int = 0) -> bool:  # noqa: ARG002 - the port's signature
        """Ring nobody."""
        return True


class Counting(Intake):
    """A door that counts aloud."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as the intake takes them
        #: What was told, and within which passage.
        self.heard: list[tuple[Event, Passage | None]] = []
        super().__init__(*arguments, **named, listen=self._hear)
        self.counters: list[tuple[str, str]] = []

    async def tally(self, service: str, counter: str) -> None:
        """Count."""
        self.counters.append((service, counter))

    def _hear(self, event: Event) -> None:
        self.heard.append((event, PASSAGE.get()))


@dataclass
class Remote:
    """Implements `worker.ports.Api`: gives a prepared outcome, and remembers what was asked."""

    outcome: Outcome = field(default_factory=lambda: NotFound(Evidence(status=404)))
    asked: list[Operation] = field(default_factory=list)

    async def send(self, operation: Operation, *, trace_id: str) -> Outcome:  # noqa: ARG002 - as above
        """Give the outcome."""
        self.asked.append(operation)
        return self.outcome


@dataclass
class Shop:
    """The command API as its client `shop` sees it, and the store behind it."""

    store: MemoryStore
    remote: Remote
    door: Counting
    app: CommandApi

    def ask(
        self,
        method: str,
        path: str,
        content: object = None,
        *,
        key: str | None = None,
        bearer: str | None = KEY,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send one request; bytes are sent as they are, anything else as JSON."""
        sent = {"Content-Type": "application/json"} if content is not None else {}
        if bearer is not None:
            sent["Authorization"] = f"Bearer {bearer}"
        if key is not None:
            sent["Idempotency-Key"] = f'"{key}"'
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.send(method, path, b"" if content is None else body, {**sent, **(headers or {})})

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Send one request as it is."""

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://bridge") as client:
                return await client.request(method, path, content=body, headers=headers)

        return asyncio.run(go())

    def create(self, external_id: str = "c-1", *, key: str = "k-1", **more: Any) -> httpx.Response:  # noqa: ANN401 - as `ask` takes it
        """Open an interaction."""
        content = {"external_id": external_id, "user_data": {"Subject": "Hello"}}
        return self.ask("POST", COLLECTION, content, key=key, **more)

    async def settle(self, external_id: str, sequence: int, **detail: Any) -> None:  # noqa: ANN401 - JSON
        """Apply the head of a lane, as a worker would."""
        claims = await self.store.claim(
            Partition("support", 0), limit=9, lease=_LEASE, token=f"t{sequence}", now=NOW
        )
        (claim,) = (each for each in claims if each.external_id == external_id)
        row = Interaction(service="support", external_id=external_id)
        opened = row.opened(interaction_id="I1", channel="api.shop", at=NOW)
        line = Entry(at=NOW, event="applied", sequence=sequence, detail=detail)
        done = Settlement(sequence, opened, (line,), calls=1, keep=False)
        await self.store.settle(claim, done, lease=_LEASE, now=NOW)


def problem(response: httpx.Response, status: int, name: str) -> dict[str, Any]:
    """Check that an answer is this problem, and return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    content: dict[str, Any] = response.json()
    assert (content["status"], content["type"]) == (status, f"/v1/problems/{name}")
    assert content["title"]
    assert content["detail"]
    assert "Traceback" not in response.text
    return content


@pytest.fixture
def make_shop() -> Callable[..., Shop]:
    """Make an API with settings of its own."""

    def make(lane_cap: int = 5, **settings: Any) -> Shop:  # noqa: ANN401 - the settings' own types
        store = MemoryStore(Limits({"support": ServiceLimits(lane_cap=lane_cap)}))
        numbers = count(1)
        service = ServiceSettings(base_url="http://127.0.0.1:9/nexus/v3", api_key="env:NOBODY")
        intake = Counting(
            store,
            Silent(),
            services={"support": service, "billing": service},
            clock=lambda: NOW,
            ids=lambda: f"{next(numbers):032x}",
        )
        remote = Remote()
        clients = [
            Client("shop", frozenset({"support"}), lambda: (KEY, "shop-old-0123456789")),
            Client("desk", frozenset({"support", "billing"}), lambda: ("desk-key-0123456789",)),
        ]
        app = create_app(
            clients,
            door=intake,
            ledger=store,
            api=lambda _: remote,
            clock=lambda: NOW,
            ids=lambda: f"{next(numbers):032x}",
            settings=HttpSettings(**{"max_body_bytes": LIMIT, **settings}),
            mail={"mail": mailbox(), "sales": mailbox(service="billing")},
        )
        return Shop(store, remote, intake, app)

    return make


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    """An API with an empty store."""
    return make_shop()
