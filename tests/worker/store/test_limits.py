"""Limits are the settings' figures in the store's units."""

import pytest

from worker.settings import Settings
from worker.store.gate import GateLimits
from worker.store.limits import Limits, ServiceLimits

SERVICE = {
    "base_url": "http://127.0.0.1:1",
    "api_key": "env:KEY",
    "partitions": 4,
    "lane_cap": 7,
    "dedup_window_s": 1.5,
    "ended_retention_s": 60,
    "sender_properties": ["From"],
}


def test_each_service_has_its_limits() -> None:
    """Seconds become milliseconds."""
    limits = Limits.of(Settings(services={"support": SERVICE}, worker={"window": 5}))
    assert limits.service("support") == ServiceLimits(
        partitions=4,
        lane_cap=7,
        dedup_window_ms=1_500,
        ended_retention_ms=60_000,
        senders=("From",),
        gate=GateLimits(burst=1, breaker_calls=20),
    )
    assert limits.window == 5


def gate_of(**settings: object) -> GateLimits:
    """Return what the gate of one of four partitions allows."""
    return Limits.of(Settings(services={"support": {**SERVICE, "gate": settings}})).service("support").gate


@pytest.mark.parametrize(
    ("settings", "limits"),
    [
        ({}, (0, 1, 0)),
        ({"requests_per_s": 20}, (5, 5, 0)),  # one second's worth is saved
        ({"requests_per_s": 20, "burst": 40}, (5, 10, 0)),
        ({"requests_per_s": 1}, (0.25, 1, 0)),  # less than one call could never be made
        ({"in_flight": 6}, (0, 1, 2)),  # one and a half is two: no partition stands still
    ],
    ids=str,
)
def test_each_partition_has_its_share_of_the_gate(
    settings: dict[str, object], limits: tuple[float, float, int]
) -> None:
    """A quarter of the rate, the burst and the places, and never less than one call."""
    gate = gate_of(**settings)
    assert (gate.rate_per_s, gate.burst, gate.in_flight) == limits


def test_a_breaker_is_as_the_settings_say() -> None:
    """Each partition weighs its own calls; nought calls switch it off."""
    breaker = {"calls": 10, "ratio": 0.25, "window_s": 2.5, "open_s": 1.5}
    assert gate_of(breaker=breaker) == GateLimits(
        burst=1,
        breaker_calls=10,
        breaker_ratio=0.25,
        breaker_window_ms=2_500,
        breaker_open_ms=1_500,
    )
    assert gate_of(breaker={"calls": 0}).breaker_calls == 0


def test_a_channel_may_have_a_window_of_its_own() -> None:
    """A sender that repeats itself later than others is remembered for longer, in its own service only."""
    channels = {
        "mail": {"connector": "email", "service": "support", "dedup_window_s": 0.5},
        "chat": {"connector": "webhook", "service": "support"},
        "shop": {"connector": "webhook", "service": "sales", "dedup_window_s": 9},
    }
    services = {"support": SERVICE, "sales": SERVICE}
    limits = Limits.of(Settings(services=services, channels=channels)).service("support")
    windows = [limits.window_ms(name) for name in ("mail", "chat", "shop")]
    assert windows == [500, 1_500, 1_500]


def test_a_subscription_has_limits_too() -> None:
    """It is one partition, soon forgets what it was told, and has the gate that its settings ask for."""
    hook = {"url": "https://h/", "secrets": ["env:S"], "gate": {"in_flight": 3, "requests_per_s": 2}}
    limits = Limits.of(Settings(services={"support": SERVICE}, subscriptions={"crm": hook}))
    assert set(limits.services) == {"support", "hook.crm"}
    assert limits.service("hook.crm") == ServiceLimits(
        dedup_window_ms=24 * 3600 * 1000,
        ended_retention_ms=24 * 3600 * 1000,
        gate=GateLimits(rate_per_s=2, burst=2, in_flight=3, breaker_calls=20),
    )


def test_a_service_that_is_gone_has_the_defaults() -> None:
    """What it left in the store can still be read."""
    assert Limits().service("gone") == ServiceLimits()
    assert ServiceLimits().partitions == 1


@pytest.mark.parametrize(("poll_s", "awake_ms"), [(0.01, 30), (0.5, 1500), (0.0001, 1)])
def test_a_drain_that_died_is_noticed_after_three_looks(poll_s: float, awake_ms: int) -> None:
    """Three times 10 ms are 30 ms; never nothing at all."""
    assert Limits.of(Settings(worker={"poll_s": poll_s})).awake_ms == awake_ms
