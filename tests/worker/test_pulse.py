"""A process shows that it is there, again and again, whatever the store does meanwhile."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from worker.errors import StoreUnavailable
from worker.pulse import EVERY_S, beat

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Signs:
    """Implements `worker.search_ports.Pulses`; the second time the store is away."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, datetime]] = []
        self.calls = 0

    async def sign(self, process: str, *, now: datetime) -> None:
        """Take a sign of life."""
        self.calls += 1
        if self.calls == 2:
            raise StoreUnavailable("away")
        self.heard.append((process, now))

    async def signs(self) -> Mapping[str, datetime]:
        """Say when each was heard last."""
        return dict(self.heard)


def test_it_beats_until_it_is_cancelled() -> None:
    """A store that was away is told the next time."""
    signs, slept = Signs(), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(beat(signs, "host:1", clock=lambda: NOW, sleep=sleep))
    assert signs.heard == [("host:1", NOW)] * 2
    assert slept == [EVERY_S] * 3
