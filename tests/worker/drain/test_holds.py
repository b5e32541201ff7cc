"""What a process knows of held channels, and how seldom it asks."""

import asyncio
from collections.abc import Mapping

from worker.drain.holds import LOOK_EVERY_S, Holds, nobody
from worker.errors import StoreUnavailable
from worker.store.pauses import MemoryPauses


class Asked(MemoryPauses):
    """Counts how often it is asked, and is away when it is told to be."""

    times = 0
    is_away = False

    async def held_channels(self) -> Mapping[str, str]:
        """See `worker.ports.Pauses.held_channels`."""
        self.times += 1
        if self.is_away:
            raise StoreUnavailable("away")
        return await super().held_channels()


def test_the_store_is_asked_once_a_second_and_not_for_each_delivery() -> None:
    """What was known stays true meanwhile, and while the store is away."""

    async def main() -> None:
        store, moments = Asked(), [0.0]
        holds = Holds(store, now=lambda: moments[0])
        await store.hold_channel("tickets", reason="x")
        for _ in range(100):
            assert await holds() == {"tickets": "x"}
        assert store.times == 1
        await store.release_channel("tickets")
        store.is_away = True
        moments[0] += LOOK_EVERY_S
        assert await holds() == {"tickets": "x"}
        store.is_away = False
        moments[0] += LOOK_EVERY_S
        assert await holds() == {}
        assert store.times == 3

    asyncio.run(main())


def test_where_nobody_says_so_nothing_is_held() -> None:
    """As for subscriptions."""
    assert asyncio.run(nobody()) == {}
