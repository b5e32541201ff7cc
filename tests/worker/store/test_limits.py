"""Limits are the settings' figures in the store's units."""

import pytest

from worker.settings import Settings
from worker.store.limits import Limits, ServiceLimits

SERVICE = {
    "base_url": "http://127.0.0.1:1",
    "api_key": "env:KEY",
    "partitions": 4,
    "lane_cap": 7,
    "dedup_window_s": 1.5,
    "ended_retention_s": 60,
}


def test_each_service_has_its_limits() -> None:
    """Seconds become milliseconds."""
    limits = Limits.of(Settings(services={"support": SERVICE}, worker={"window": 5}))
    assert limits.service("support") == ServiceLimits(4, 7, 1_500, 60_000)
    assert limits.window == 5


def test_a_service_that_is_gone_has_the_defaults() -> None:
    """What it left in the store can still be read."""
    assert Limits().service("gone") == ServiceLimits()
    assert ServiceLimits().partitions == 1


@pytest.mark.parametrize(("poll_s", "awake_ms"), [(0.01, 30), (0.5, 1500), (0.0001, 1)])
def test_a_drain_that_died_is_noticed_after_three_looks(poll_s: float, awake_ms: int) -> None:
    """Three times 10 ms are 30 ms; never nothing at all."""
    assert Limits.of(Settings(worker={"poll_s": poll_s})).awake_ms == awake_ms
