"""Wiring builds what a process needs from its settings, and gives it back."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from celery import Celery
from freezegun import freeze_time

from bridge.redis_server import RedisServer
from worker import wiring
from worker.commands import Create
from worker.deadletters import Filter
from worker.errors import (
    ClockAstray,
    SecretMissing,
    SettingsError,
    StoreForeign,
    StoreUnavailable,
    StoreUnsafe,
    UnknownService,
)
from worker.events import CommandDeferred, Event, StoreDoubtful
from worker.lanes import Partition
from worker.letters import Unreadable
from worker.notices import Notice, NoticeKind
from worker.operations import PostEvent
from worker.secrets import Secrets
from worker.settings import Settings
from worker.store.format import KEY
from worker.store.keys import Keys
from worker.wiring import Bridge

Change = Callable[..., None]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SERVICE = {
    # nobody listens there: a connection is refused at once
    "base_url": "http://127.0.0.1:9/nexus/v3",
    "api_key": "env:KEY",
}


def bridge_on(url: str, events: list[Event] | None = None, **more: object) -> Bridge:
    """Return a bridge with one service; to be called inside a loop."""
    more = {"services": {"support": {**SERVICE, "partitions": 2}, "sales": SERVICE}, **more}
    settings = Settings(store={"url": url}, worker={"linger_s": 0.01, "in_flight": 4}, **more)
    celery = Celery("test", broker="memory://", set_as_current=False)
    listen = events.append if events is not None else lambda _event: None
    return Bridge(settings, Secrets(Path()), celery, listen, clock=lambda: NOW)


def create(service: str = "support") -> Create:
    """Return a create command."""
    return Create(
        service=service, external_id="c-1", idempotency_key="mail:1", channel="mail", received_at=NOW
    )


@freeze_time("2026-11-23 12:00:00")
def test_the_present_is_aware_and_in_utc() -> None:
    """A time without its zone would be another moment elsewhere."""
    assert wiring.utc_now() == NOW
    assert wiring.utc_now().utcoffset() == timedelta(0)


def test_ids_are_unique_and_fit_for_a_trace() -> None:
    """32 hex digits, none twice."""
    ids = {wiring.new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in ids)


def test_what_is_submitted_reaches_the_api(redis_url: str, environment: Change) -> None:
    """Intake, store, crew, desk and API are connected: here the API refuses the connection."""
    environment(KEY="k")
    events: list[Event] = []

    async def scene() -> None:
        bridge = bridge_on(redis_url, events)
        (receipt,) = await bridge.intake.submit([create("sales")])
        assert receipt.sequence == 1
        await bridge.crews["sales"].drain(Partition("sales", 0))
        await bridge.aclose()

    asyncio.run(scene())
    (deferred,) = [event for event in events if isinstance(event, CommandDeferred)]
    assert (deferred.service, deferred.external_id, deferred.attempt) == ("sales", "c-1", 1)


def test_each_service_has_its_crew_and_its_partitions(redis_url: str, environment: Change) -> None:
    """One desk each, with the settings' figures; all share the flag that ends them."""
    environment(KEY="k")

    async def scene() -> None:
        bridge = bridge_on(redis_url)
        assert bridge.partitions == {"support": 2, "sales": 1}
        assert set(bridge.crews) == {"support", "sales"}
        desks = [crew._desk for crew in bridge.crews.values()]
        assert [desk.service for desk in desks] == ["support", "sales"]
        assert {desk.stopping for desk in desks} == {bridge.stopping}
        assert {(desk.lease, desk.longest_call) for desk in desks} == {
            (timedelta(seconds=45), timedelta(seconds=20 + 2 * 0.5))
        }
        assert {crew.free for crew in bridge.crews.values()} == {4}
        await bridge.aclose()

    asyncio.run(scene())


HOOK = {"url": "http://127.0.0.1:9/events", "secrets": ["env:KEY"], "allow_private": True}


def test_a_subscription_has_its_crew_and_hears_of_what_it_chose(redis_url: str, environment: Change) -> None:
    """It is a service to the store and to every command; only what it chose is written down."""
    environment(KEY="k")

    async def scene() -> None:
        hook = {**HOOK, "events": ["command.dead"], "services": ["sales"], "call_timeout_s": 7}
        bridge = bridge_on(redis_url, subscriptions={"crm": hook})
        assert bridge.partitions == {"support": 2, "sales": 1, "hook.crm": 1}
        assert set(bridge.crews) == {"support", "sales", "hook.crm"}
        desks = {name: crew._desk for name, crew in bridge.crews.items()}
        assert [desks[name].watched for name in ("support", "sales", "hook.crm")] == [
            frozenset(),
            {NoticeKind.DEAD},
            frozenset(),
        ]
        assert bridge._bench("sales").watched == {NoticeKind.DEAD}
        assert desks["sales"].written == bridge.relay.soon
        assert desks["hook.crm"].longest_call == timedelta(seconds=7 + 2 * 0.5)
        assert desks["hook.crm"].retry == bridge.settings.subscriptions["crm"].retry
        await bridge.aclose()

    asyncio.run(scene())


def test_a_receiver_on_this_machine_is_reached_only_where_that_is_allowed(
    redis_url: str, environment: Change
) -> None:
    """The two kinds share no connection."""
    environment(KEY="whsec_" + "A" * 32)

    async def scene() -> list[str]:
        strict = {**HOOK, "url": "https://127.0.0.1:9/events", "allow_private": False}
        bridge = bridge_on(redis_url, subscriptions={"loose": HOOK, "strict": strict})
        event = PostEvent("evt_1", "bridge.test", NOW, {})
        said = [
            (await bridge.hook(name).send(event, trace_id="")).evidence.detail for name in ("loose", "strict")
        ]
        with pytest.raises(SettingsError, match="subscription 'none' is configured; there is: loose, strict"):
            bridge.hook("none")
        await bridge.aclose()
        return said

    loose, strict = asyncio.run(scene())
    assert "is not a public address" not in loose
    assert "127.0.0.1 is not a public address" in strict


def test_a_bridge_that_ends_passes_on_what_it_wrote(redis_url: str) -> None:
    """And a tick passes on what a bridge before it did not."""

    async def scene() -> list[int]:
        bridge = bridge_on(redis_url, subscriptions={"crm": HOOK})
        home, told = Partition("support", 0), []
        notice = Notice(
            id="evt_1", kind=NoticeKind.CREATED, at=NOW, service="support", external_id="c-1", generation=1
        )
        outbox = Keys.of(home).outbox
        await bridge.store._link.redis.xadd(outbox, {"notice": notice.model_dump_json()})
        bridge.relay.soon(home)
        await bridge.aclose()
        later = bridge_on(redis_url, subscriptions={"crm": HOOK})
        told.append((await later.store.backlog(Partition("hook.crm", 0), now=NOW)).lanes)
        second = notice.model_copy(update={"id": "evt_2", "external_id": "c-2"})
        await later.store._link.redis.xadd(outbox, {"notice": second.model_dump_json()})
        await later.tick()
        told.append((await later.store.backlog(Partition("hook.crm", 0), now=NOW)).lanes)
        await later.aclose()
        return told

    assert asyncio.run(scene()) == [1, 2]


def test_a_desk_merges_unless_its_service_says_otherwise(redis_url: str, environment: Change) -> None:
    """`merge_updates` reaches the lane."""
    environment(KEY="k")

    async def scene() -> list[bool]:
        services = {"support": SERVICE, "sales": {**SERVICE, "merge_updates": False}}
        bridge = bridge_on(redis_url, services=services)
        desks = [crew._desk for crew in bridge.crews.values()]
        await bridge.aclose()
        return [desk.merging for desk in desks]

    assert asyncio.run(scene()) == [True, False]


def test_intake_holds_user_data_to_the_services_budget(redis_url: str) -> None:
    """`user_data_bytes` reaches the door."""

    async def scene() -> int:
        bridge = bridge_on(redis_url, services={"support": {**SERVICE, "user_data_bytes": 1000}})
        long = create().model_copy(update={"user_data": {"Text": "x" * 5000}})
        await bridge.intake.submit([long])
        view = await bridge.store.view("support", "c-1")
        await bridge.aclose()
        return len(view.pending[0].command.user_data["Text"])

    assert asyncio.run(scene()) < 200


def test_dead_letters_can_be_worked_on(redis_url: str) -> None:
    """What people do with dead letters is connected to the store: here an unreadable one is given up."""

    async def scene() -> None:
        bridge = bridge_on(redis_url)
        letter = Unreadable(id="u1", service="support", channel="mail", reason="?", arrived_at=NOW, body=b"")
        await bridge.intake.keep(letter)
        assert await bridge.dead_letters.find("support", Filter(), limit=9) == (letter.head,)
        assert await bridge.dead_letters.discard(letter.head, reason="spam")
        assert await bridge.dead_letters.find("support", Filter(), limit=9) == ()
        await bridge.aclose()

    asyncio.run(scene())


def test_a_service_that_is_not_configured_has_no_api(redis_url: str) -> None:
    """It is named."""

    async def scene() -> None:
        bridge = bridge_on(redis_url)
        try:
            with pytest.raises(UnknownService, match="no service 'nobody' is configured"):
                bridge.api("nobody")
        finally:
            await bridge.aclose()

    asyncio.run(scene())


def test_a_tick_looks_at_every_partition(redis_url: str) -> None:
    """What is due is counted, here one lane of one service."""

    async def scene() -> int:
        bridge = bridge_on(redis_url)
        await bridge.store.append(create(), receipt_id="r1", now=NOW)
        rung = await bridge.tick()
        await bridge.aclose()
        return rung

    assert asyncio.run(scene()) == 1


def test_a_store_that_could_forget_is_refused(redis_url: str, redis_server: RedisServer) -> None:
    """Unless the operator accepts it; then it is said at every start."""

    async def start(*, allow_unsafe: bool) -> list[Event]:
        bridge, heard = bridge_on(redis_url), []
        bridge.listen, bridge.clock = heard.append, wiring.utc_now
        store = bridge.settings.store.model_copy(update={"allow_unsafe": allow_unsafe})
        bridge.settings = bridge.settings.model_copy(update={"store": store})
        try:
            await bridge.start()
        finally:
            await bridge.aclose()
        return heard

    assert asyncio.run(start(allow_unsafe=False)) == []
    with redis.Redis.from_url(redis_server.url()) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            with pytest.raises(StoreUnsafe, match="evicts keys when memory is short"):
                asyncio.run(start(allow_unsafe=False))
            assert asyncio.run(start(allow_unsafe=True)) == [
                StoreDoubtful("the store evicts keys when memory is short (maxmemory-policy allkeys-lru)")
            ]
        finally:
            client.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize(("off_s", "said"), [(30, "s ahead of"), (-30, "s behind")], ids=str)
def test_a_clock_that_is_not_the_stores_is_refused(redis_url: str, off_s: float, said: str) -> None:
    """Whoever is early would take over lanes that are being worked on."""

    async def scene() -> None:
        bridge = bridge_on(redis_url)
        bridge.clock = lambda: wiring.utc_now() + timedelta(seconds=off_s)
        try:
            await bridge.start()
        finally:
            await bridge.aclose()

    with pytest.raises(ClockAstray, match=rf"\d\d\.\d {said} the store's, and 0\.5 s are allowed"):
        asyncio.run(scene())


@pytest.mark.parametrize(("written", "heard"), [(1, 0), (2, 1), (3, None)], ids=str)
def test_a_store_of_another_version_is_met_with_care(redis_url: str, written: int, heard: int | None) -> None:
    """Its own version is nothing to speak of, the next one is said aloud, one beyond that is refused."""

    async def scene() -> list[Event]:
        events: list[Event] = []
        bridge = bridge_on(redis_url, events)
        bridge.clock = wiring.utc_now
        try:
            await bridge.start()
        finally:
            await bridge.aclose()
        return events

    with redis.Redis.from_url(redis_url) as client:
        client.hset(KEY, "format", written)
    if heard is None:
        with pytest.raises(StoreForeign, match="the store has format 3"):
            asyncio.run(scene())
    else:
        assert [type(event) for event in asyncio.run(scene())] == [StoreDoubtful] * heard


def test_a_store_that_is_away_cannot_be_vouched_for(tmp_path: Path) -> None:
    """Starting waits for it elsewhere; here it is said."""

    async def scene() -> None:
        bridge = bridge_on(f"unix://{tmp_path}/nothing.sock")
        try:
            await bridge.start()
        finally:
            await bridge.aclose()

    with pytest.raises(StoreUnavailable, match="the store does not answer"):
        asyncio.run(scene())


def test_the_configuration_is_that_of_the_file(environment: Change, tmp_path: Path) -> None:
    """Secrets in files stand beside the file that names them."""
    directory = tmp_path / "etc"
    directory.mkdir()
    (directory / "bridge.toml").write_text('[store]\nurl = "file:store"', encoding="utf-8")
    (directory / "store").write_text("redis://:pw@host", encoding="utf-8")
    environment(BRIDGE_CONFIG=str(directory / "bridge.toml"))
    settings, secrets = wiring.read_configuration()
    assert wiring.store_url(settings, secrets) == "redis://:pw@host"


def test_without_a_file_secrets_begin_here(environment: Change) -> None:
    """In the working directory."""
    environment(BRIDGE_BROKER_URL="file:broker")
    Path("broker").write_text("redis://here", encoding="utf-8")
    assert wiring.broker_url(*wiring.read_configuration()) == "redis://here"


@pytest.mark.parametrize(
    ("find", "said"),
    [
        (wiring.store_url, r"store\.url is not set .*BRIDGE_STORE_URL in the environment"),
        (wiring.broker_url, r"broker\.url is not set .*BRIDGE_BROKER_URL in the environment"),
    ],
)
def test_what_nobody_named_is_asked_for(find: Callable[..., str], said: str) -> None:
    """The operator is told both ways to name it, and the third: to start a bridge."""
    with pytest.raises(SettingsError, match=said):
        find(Settings(), Secrets(Path()))


def test_a_reference_that_leads_nowhere_is_named(environment: Change) -> None:
    """A URL in a variable that is not set is the operator's to mend."""
    environment()
    with pytest.raises(SecretMissing, match="env:STORE"):
        wiring.store_url(Settings(store={"url": "env:STORE"}), Secrets(Path()))
