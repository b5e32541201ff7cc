"""Merging over the real API stand-in: fewer calls, the same user data."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue
from starlette.types import ASGIApp

from sandbox.app import create_app
from sandbox.connection import Protocol
from sandbox.settings import Settings as SandboxSettings
from worker.api import Connections, OpenMediaApi
from worker.commands import Command, Create, OnEnded, Stop, Update
from worker.drain.desk import Desk, Stopping
from worker.drain.lane import deliver
from worker.events import Event
from worker.gate_settings import RetrySettings
from worker.lanes import Partition
from worker.settings import ServiceSettings
from worker.store.limits import Limits
from worker.store.memory import MemoryStore

pytestmark = pytest.mark.story

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOME = Partition("support", 0)
LEASE = timedelta(seconds=45)
KEY = "story-key"

_COMMON: Mapping[str, Any] = {
    "service": "support",
    "external_id": "c",
    "channel": "story",
    "received_at": NOW,
}

names = st.sampled_from(["A", "B", "C", "D"])
values = st.one_of(st.integers(0, 9), st.sampled_from(["", "x", "ü"]), st.just({"deep": [1, None]}))
properties = st.dictionaries(names, values, max_size=3)


def create(user_data: Mapping[str, JsonValue]) -> Create:
    """Return the create that opens the lane."""
    return Create(idempotency_key="story:create", user_data=user_data, **_COMMON)


def update(number: int, **lists: Any) -> Update:  # noqa: ANN401 - the fields of an update
    """Return the n-th update of the lane."""
    return Update(idempotency_key=f"story:{number}", **lists, **_COMMON)


@st.composite
def updates(draw: st.DrawFn) -> list[Update]:
    """Draw updates of one lane: empty, overlapping and self-contradictory ones among them."""
    return [
        update(
            number,
            changed=draw(properties),
            added=draw(properties),
            deleted=tuple(draw(st.lists(names, max_size=2))),
            on_ended=draw(st.sampled_from([OnEnded.FOLLOW_UP, OnEnded.FOLLOW_UP, OnEnded.DROP])),
        )
        for number in range(draw(st.integers(1, 10)))
    ]


class Told:
    """What the sandbox was told, and what it holds in the end."""

    def __init__(self, audit: Sequence[Mapping[str, Any]], interactions: Sequence[Mapping[str, Any]]) -> None:
        self.calls = [entry["operation"] for entry in audit]
        self.user_data = {each["externalId"]: _without_marks(each["userData"]) for each in interactions}


def _without_marks(user_data: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: value for name, value in user_data.items() if not name.startswith("bridge_")}


class Server(uvicorn.Server):
    """Uvicorn inside a test: signals are the test runner's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@contextlib.asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """Serve a sandbox on a socket and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, http=Protocol, ws="none", log_level="warning", access_log=False)
        server = Server(config)
        running = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


async def told(commands: Sequence[Command], *, merging: bool, begun: Create | None = None) -> Told:
    """Deliver the commands, all waiting at once, after `begun`; return what the sandbox made of them."""
    services = {"support": frozenset({KEY})}
    app = create_app(SandboxSettings(services=services), dice=random.Random(1))  # noqa: S311 - ids only
    store, ids = MemoryStore(Limits()), count()
    async with serving(app) as base, Connections() as connections:
        service = ServiceSettings(base_url=f"{base}/nexus/v3", api_key="env:KEY")
        desk = Desk(
            service="support",
            lanes=store,
            api=OpenMediaApi(connections, "support", service, api_key=lambda: KEY, clock=lambda: NOW),
            clock=lambda: NOW,
            dice=lambda: 0.0,
            sleep=asyncio.sleep,
            ids=lambda: f"id-{next(ids)}",
            listen=_unheard,
            stopping=Stopping(),
            retry=RetrySettings(),
            mark="bridge_",
            lease=LEASE,
            longest_call=timedelta(seconds=20),
            merging=merging,
        )
        for batch in ([begun] if begun else [], commands):
            for command in batch:
                await store.append(command, receipt_id=desk.ids(), now=NOW)
            while claims := await store.claim(HOME, limit=1, lease=LEASE, token=desk.ids(), now=NOW):
                await deliver(desk, claims[0])
        assert await store.dead("support", limit=9) == ()
        # asked within the process: what it holds needs no socket
        inside = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=inside, base_url=base) as client:
            audit, interactions = [
                (await client.get(f"/sandbox/{what}")).json() for what in ("audit", "interactions")
            ]
    return Told(audit, interactions)


def _unheard(_: Event) -> None:
    """Hear nothing: the story reads the sandbox."""


@settings(max_examples=40, derandomize=True, deadline=None)
@given(begun=st.none() | properties, lane=updates())
def test_merged_and_unmerged_leave_the_same_user_data(
    begun: dict[str, JsonValue] | None, lane: list[Update]
) -> None:
    """Whatever waits in a lane, delivered as few calls or one by one, the API holds the same in the end."""

    async def both() -> tuple[Told, Told]:
        first = None if begun is None else create(begun)
        return (
            await told(lane, merging=True, begun=first),
            await told(lane, merging=False, begun=first),
        )

    merged, unmerged = asyncio.run(both())
    assert merged.user_data == unmerged.user_data
    assert unmerged.calls.count("create") == merged.calls.count("create") == 1
    assert unmerged.calls.count("update") == len(lane)
    assert len(merged.calls) <= len(unmerged.calls)


def test_ten_waiting_updates_cost_one_call() -> None:
    """One create, ten updates that waited, one call for them, with the last word on every property."""
    waiting = [update(number, changed={"Step": number, f"P{number}": "kept"}) for number in range(10)]
    merged = asyncio.run(told(waiting, merging=True, begun=create({"Subject": "Hello"})))
    assert merged.calls == ["create", "update"]
    assert merged.user_data["c"] == {
        "Subject": "Hello",
        "Step": 9,
        **{f"P{number}": "kept" for number in range(10)},
    }


def test_nothing_is_merged_across_a_create_or_a_stop() -> None:
    """Updates on either side of a stop belong to two interactions, and stay there."""
    before = [update(number, changed={"Step": number}) for number in (1, 2)]
    after = [
        update(number, changed={"Step": number}).model_copy(
            update={"received_at": NOW + timedelta(seconds=9)}
        )
        for number in (3, 4)
    ]
    stop = Stop(idempotency_key="story:stop", **_COMMON)
    merged = asyncio.run(told([create({}), *before, stop, *after], merging=True))
    assert merged.calls == ["create", "update", "stop", "create", "update"]
    assert merged.user_data == {"c": {"Step": 2}, "c~2": {"Step": 4}}
