"""Calls made to a server with canned answers."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from tests.canned_server import Reply, Serve
from tests.canned_server import serve as serving
from worker.api import Connections, OpenMediaApi
from worker.operations import Operation
from worker.outcomes import Outcome
from worker.settings import ServiceSettings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def serve() -> Serve:
    """Open a remote that gives these replies."""
    return serving


@pytest.fixture
def settings_for() -> Callable[..., ServiceSettings]:
    """Return the settings of a service at this URL, with time-outs as short as a test can bear."""

    def settings(base_url: str, *, connect: float = 5.0, call: float = 5.0) -> ServiceSettings:
        return ServiceSettings(
            base_url=base_url, api_key="env:KEY", connect_timeout_s=connect, call_timeout_s=call
        )

    return settings


@pytest.fixture
def ask(settings_for: Callable[..., ServiceSettings]) -> Callable[..., tuple[list[Outcome], list[bytes]]]:
    """Send the operations, one after the other over one client, and return outcomes and raw requests."""

    async def asked(replies: Sequence[Reply], operations: Sequence[Operation], call: float) -> tuple:
        async with serving(*replies) as remote, Connections() as connections:
            api = OpenMediaApi(
                connections,
                "support",
                settings_for(remote.url, call=call),
                api_key=lambda: "k3y-secret",
                clock=lambda: NOW,
            )
            return [
                await api.send(operation, trace_id="ab" * 16) for operation in operations
            ], remote.requests

    def run(*replies: Reply, operations: Sequence[Operation], call: float = 5.0) -> tuple:
        return asyncio.run(asked(replies, operations, call))

    return run
