"""Nothing is done that nobody wrote down."""

import asyncio
from datetime import timedelta

import pytest

from console.people import LOCAL, NotAllowed, Person, Role
from console.recorder import Recorder
from worker.deeds import Deed
from worker.errors import BridgeError, StoreUnavailable
from worker.store.memory import MemoryStore
from worker.wiring import new_id, utc_now

VIEWER = Person("ann", Role.VIEWER, "account")


def recorder(store: MemoryStore) -> Recorder:
    """Return a recorder that keeps for a day."""
    return Recorder(store, utc_now, new_id, timedelta(days=1))


def test_an_act_is_recorded_before_it_is_done_and_after() -> None:
    """So that one which ended the process stands there as under way."""

    async def main() -> list[str]:
        store = MemoryStore()
        async with recorder(store).doing(
            LOCAL, "replay", "support", role=Role.OPERATOR, detail="x"
        ) as record:
            (before,) = await store.deeds(limit=9)
            record.outcome = "done: 3 of 3"
        (after,) = await store.deeds(limit=9)
        assert (after.id, after.person, after.how, after.detail) == (before.id, "local", "loopback", "x")
        return [before.outcome, after.outcome]

    assert asyncio.run(main()) == ["under way", "done: 3 of 3"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(BridgeError("no such thing"), "failed: no such thing"), (KeyError("x"), "failed: KeyError")],
)
def test_what_fails_is_recorded_with_its_reason(error: Exception, outcome: str) -> None:
    """A fault of ours by its name only."""

    async def main() -> str:
        store = MemoryStore()
        with pytest.raises(type(error)):
            async with recorder(store).doing(LOCAL, "replay", "support", role=Role.OPERATOR):
                raise error
        (deed,) = await store.deeds(limit=9)
        return deed.outcome

    assert asyncio.run(main()) == outcome


def test_an_attempt_beyond_ones_role_is_recorded_and_not_done() -> None:
    """Whoever looks later sees that somebody tried."""

    async def main() -> Deed:
        store, done = MemoryStore(), []
        with pytest.raises(NotAllowed):
            async with recorder(store).doing(VIEWER, "replay", "support", role=Role.OPERATOR):
                done.append(1)
        assert done == []
        (deed,) = await store.deeds(limit=9)
        return deed

    deed = asyncio.run(main())
    assert (deed.person, deed.role, deed.outcome) == ("ann", "viewer", "refused")


def test_what_cannot_be_recorded_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store is away nobody acts."""

    async def gone(*_: object, **__: object) -> None:
        raise StoreUnavailable("gone")

    async def main() -> list[int]:
        store, done = MemoryStore(), list[int]()
        monkeypatch.setattr(store, "record_deed", gone)
        with pytest.raises(StoreUnavailable):
            async with recorder(store).doing(LOCAL, "replay", "support", role=Role.OPERATOR):
                done.append(1)
        return done

    assert asyncio.run(main()) == []
