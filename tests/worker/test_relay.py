"""What was written reaches every subscription that wants it, in order and once, wherever a relay dies."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from worker.commands import Notify, Update
from worker.errors import StoreUnavailable
from worker.events import NoticeLetGo, RelayFailed
from worker.interactions import Interaction
from worker.lanes import Entry, Partition, Settlement
from worker.notices import Notice, NoticeKind
from worker.relay import Relay, Subscriptions
from worker.settings import SubscriptionSettings
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=45)
HOME = Partition("support", 0)


class Bell:
    """Keeps what was rung."""

    def __init__(self) -> None:
        self.rings: list[Partition] = []

    async def ring(self, partition: Partition, *, hops: int = 0) -> bool:
        """See `worker.ports.Doorbell.ring`."""
        self.rings.append(partition)
        return hops == 0


def subscription(**more: Any) -> SubscriptionSettings:  # noqa: ANN401 - whatever a setting takes
    """Return a subscription to everything, or to what is said."""
    return SubscriptionSettings(url="https://crm.example/events", secrets=("env:SECRET",), **more)


def notice(number: int, external_id: str = "c-1", **more: Any) -> Notice:  # noqa: ANN401 - as above
    """Return the n-th notice."""
    facts = {
        "id": f"evt_{number}",
        "kind": NoticeKind.UPDATED,
        "at": NOW,
        "service": "support",
        "external_id": external_id,
        "generation": 1,
        "sequence": number,
        "channel": "mail",
        "opened_by": "mail",
        **more,
    }
    return Notice.model_validate(facts)


async def write(store: MemoryStore, *notices: Notice) -> None:
    """Write notices as a settlement does."""
    key = f"mail:{uuid.uuid4()}"
    update = Update(
        service="support", external_id="c-1", idempotency_key=key, channel="mail", received_at=NOW
    )
    await store.append(update, receipt_id=key, now=NOW)
    (claim,) = await store.claim(HOME, limit=1, lease=LEASE, token=key, now=NOW)
    sequence = claim.commands[-1].sequence
    row = Interaction(service="support", external_id="c-1").opened(
        interaction_id="I1", channel="mail", at=NOW
    )
    entry = Entry(at=NOW, event="applied", sequence=sequence)
    settled = Settlement(sequence, row, (entry,), calls=1, keep=False, notices=notices)
    await store.settle(claim, settled, lease=LEASE, now=NOW)


def table_of(store: MemoryStore | None = None, **subscriptions: SubscriptionSettings) -> SimpleNamespace:
    """Return a relay and what it touches, with these subscriptions."""
    by_service = {f"hook.{name}": each for name, each in subscriptions.items()}
    store, bell, events = store or MemoryStore(), Bell(), []
    numbers = iter(range(1_000_000))
    relay = Relay(
        store,
        bell,
        Subscriptions(by_service),
        clock=lambda: NOW,
        ids=lambda: f"r{next(numbers)}",
        listen=events.append,
    )
    return SimpleNamespace(store=store, bell=bell, events=events, relay=relay)


async def told(store: MemoryStore, name: str, external_id: str = "c-1") -> list[str]:
    """Return what waits for a subscription in one conversation, in order."""
    view = await store.view(name, external_id)
    return [each.command.notice.id for each in view.pending] if view else []


def test_every_subscription_gets_what_it_wants() -> None:
    """In order, each in lanes of its own, and the outbox is empty then."""

    async def scene() -> None:
        table = table_of(
            crm=subscription(), ends=subscription(events=("interaction.stopped",)), none=subscription()
        )
        await write(table.store, notice(1), notice(2, kind=NoticeKind.STOPPED), notice(3, external_id="c-2"))
        assert await table.relay.relay(HOME) == 3
        assert await told(table.store, "hook.crm") == ["evt_1", "evt_2"]
        assert await told(table.store, "hook.crm", "c-2") == ["evt_3"]
        assert await told(table.store, "hook.ends") == ["evt_2"]
        assert await table.store.untold(HOME, limit=9) == ()
        assert sorted(each.service for each in table.bell.rings) == ["hook.crm", "hook.ends", "hook.none"]

    asyncio.run(scene())


def test_what_is_appended_says_whose_doing_it_was() -> None:
    """The notice whole, under the trace and channel of its command."""

    async def scene() -> Notify:
        table = table_of(crm=subscription())
        await write(table.store, notice(1, trace_id="a" * 32))
        await table.relay.relay(HOME)
        (queued,) = (await table.store.view("hook.crm", "c-1")).pending
        return queued.command

    command = asyncio.run(scene())
    assert command.notice == notice(1, trace_id="a" * 32)
    assert (command.channel, command.idempotency_key) == ("mail", "mail:evt_1")
    assert (command.trace_id, command.received_at) == ("a" * 32, NOW)


@pytest.mark.parametrize(
    ("facts", "channel"),
    [({"channel": "", "opened_by": "chat"}, "chat"), ({"channel": "", "opened_by": ""}, "bridge")],
)
def test_what_nobody_did_has_a_channel_too(facts: dict[str, str], channel: str) -> None:
    """That of the interaction, or else our own name."""

    async def scene() -> str:
        table = table_of(crm=subscription())
        await write(table.store, notice(1, **facts))
        await table.relay.relay(HOME)
        (queued,) = (await table.store.view("hook.crm", "c-1")).pending
        return queued.command.channel

    assert asyncio.run(scene()) == channel


WANTED = {
    "everything": ({}, True),
    "its kind": ({"events": ("interaction.updated", "command.dead")}, True),
    "another kind": ({"events": ("command.dead",)}, False),
    "its service": ({"services": ("support",)}, True),
    "another service": ({"services": ("sales",)}, False),
    "the channel of the command": ({"channels": ("sweep",)}, True),
    "the channel that opened it": ({"channels": ("api.crm",)}, True),
    "another channel": ({"channels": ("mail",)}, False),
}


@pytest.mark.parametrize(("filters", "wanted"), WANTED.values(), ids=WANTED.keys())
def test_a_subscription_chooses(filters: dict[str, tuple[str, ...]], *, wanted: bool) -> None:
    """By kind, by service, and by either channel: a sweep's end of a client's interaction is the client's."""
    subscriptions = Subscriptions({"hook.crm": subscription(**filters)})
    happened = notice(1, channel="sweep", opened_by="api.crm")
    assert subscriptions.wanting(happened) == (("hook.crm",) if wanted else ())


def test_only_what_somebody_wants_is_written_at_all() -> None:
    """What nobody subscribed to costs nothing."""
    subscriptions = Subscriptions(
        {
            "hook.a": subscription(events=("interaction.created",), services=("support",)),
            "hook.b": subscription(events=("command.dead",)),
        }
    )
    assert subscriptions.watched("support") == {NoticeKind.CREATED, NoticeKind.DEAD}
    assert subscriptions.watched("sales") == {NoticeKind.DEAD}
    assert Subscriptions({}).watched("support") == frozenset()


class Dying(MemoryStore):
    """A store that goes away before its n-th verb of a relay, and is there again afterwards."""

    def __init__(self) -> None:
        super().__init__(Limits())
        self.verbs_left: int | None = None

    def _spend(self) -> None:
        if self.verbs_left is not None:
            if self.verbs_left == 0:
                self.verbs_left = None
                raise StoreUnavailable("gone")
            self.verbs_left -= 1

    async def untold(self, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - passed on
        """See `worker.notice_ports.Outbox.untold`."""
        self._spend()
        return await super().untold(*arguments, **more)

    async def told(self, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - passed on
        """See `worker.notice_ports.Outbox.told`."""
        self._spend()
        return await super().told(*arguments, **more)

    async def append(self, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - passed on
        """See `worker.ports.Lanes.append`."""
        self._spend()
        return await super().append(*arguments, **more)


@pytest.mark.parametrize("verbs", range(9))
def test_a_relay_may_die_anywhere(verbs: int) -> None:
    """After any of its verbs: what it left is passed on by the next one, and nothing comes twice."""

    async def scene() -> None:
        table = table_of(Dying(), crm=subscription(), log=subscription())
        await write(table.store, notice(1), notice(2), notice(3))
        table.store.verbs_left = verbs
        with pytest.raises(StoreUnavailable):
            await table.relay.relay(HOME)
        await table.relay.relay(HOME)
        for name in ("hook.crm", "hook.log"):
            assert await told(table.store, name) == ["evt_1", "evt_2", "evt_3"]
        assert (await table.store.backlog(HOME, now=NOW)).untold == 0

    asyncio.run(scene())


def test_two_relays_at_once_do_no_harm() -> None:
    """Both read the same; each notice is appended once, in order."""

    async def scene() -> None:
        table = table_of(crm=subscription())
        await write(table.store, *(notice(number) for number in range(1, 251)))
        await asyncio.gather(*(table.relay.relay(HOME) for _ in range(3)))
        assert await told(table.store, "hook.crm") == [f"evt_{number}" for number in range(1, 251)]

    asyncio.run(scene())


def test_what_was_passed_on_in_other_words_is_passed_on() -> None:
    """An older bridge told it, before it broke off: the notice is not stuck behind that."""

    async def scene() -> None:
        table = table_of(crm=subscription())
        await write(table.store, notice(1))
        await table.relay.relay(HOME)
        await write(table.store, notice(1, note="other words"), notice(2))
        await table.relay.relay(HOME)
        assert await told(table.store, "hook.crm") == ["evt_1", "evt_2"]
        assert table.events == []

    asyncio.run(scene())


def test_a_subscription_that_hears_nothing_cannot_fill_the_store() -> None:
    """Over its cap nothing more is kept for it, which is said; the others are told as ever."""

    async def scene() -> None:
        table = table_of(deaf=subscription(waiting_cap=2), crm=subscription())
        for number in range(1, 4):
            await write(table.store, notice(number, external_id=f"c-{number}"))
            await table.relay.relay(HOME)
        assert await told(table.store, "hook.deaf", "c-2") == ["evt_2"]
        assert await told(table.store, "hook.deaf", "c-3") == []
        assert await told(table.store, "hook.crm", "c-3") == ["evt_3"]
        assert table.events == [
            NoticeLetGo(
                "hook.deaf",
                "evt_3",
                "interaction.updated",
                "c-3",
                "events of 2 conversations wait for it already",
            )
        ]

    asyncio.run(scene())


def test_a_conversation_that_is_not_heard_of_cannot_fill_the_store() -> None:
    """A lane has its cap here as everywhere; what follows is passed on."""

    async def scene() -> None:
        store = MemoryStore(Limits({"hook.crm": ServiceLimits(lane_cap=2)}))
        table = table_of(store, crm=subscription())
        await write(store, *(notice(number) for number in (1, 2, 3)), notice(4, external_id="c-2"))
        await table.relay.relay(HOME)
        assert await told(store, "hook.crm") == ["evt_1", "evt_2"]
        assert await told(store, "hook.crm", "c-2") == ["evt_4"]
        assert [each.notice_id for each in table.events] == ["evt_3"]

    asyncio.run(scene())


def test_what_was_just_written_is_passed_on_soon() -> None:
    """Its writer does not wait; what is written meanwhile is not forgotten."""

    async def scene() -> None:
        table = table_of(crm=subscription())
        await write(table.store, notice(1))
        table.relay.soon(HOME)
        await write(table.store, notice(2))
        table.relay.soon(HOME)
        await table.relay.settle()
        assert await told(table.store, "hook.crm") == ["evt_1", "evt_2"]
        await write(table.store, notice(3))
        table.relay.soon(HOME)
        await table.relay.settle()
        assert await told(table.store, "hook.crm") == ["evt_1", "evt_2", "evt_3"]

    asyncio.run(scene())


def test_what_cannot_be_passed_on_now_is_said_and_left_to_the_tick() -> None:
    """Nobody waits for it, so nobody hears of it otherwise."""

    async def scene() -> None:
        table = table_of(Dying(), crm=subscription())
        await write(table.store, notice(1))
        table.store.verbs_left = 0
        table.relay.soon(HOME)
        await table.relay.settle()
        assert table.events == [RelayFailed("support", 0, "StoreUnavailable: gone")]
        assert len(await table.store.untold(HOME, limit=9)) == 1

    asyncio.run(scene())


def test_nobody_rings_without_need() -> None:
    """A subscription whose drain is awake finds it by itself."""

    async def scene(rings: Callable[[SimpleNamespace], int]) -> int:
        table = table_of(crm=subscription())
        hook = Partition("hook.crm", 0)
        await table.store.claim(hook, limit=9, lease=LEASE, token="awake", now=NOW)
        await write(table.store, notice(1))
        await table.relay.relay(HOME)
        return rings(table)

    assert asyncio.run(scene(lambda table: len(table.bell.rings))) == 0
