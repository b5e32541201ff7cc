"""Gauges: how the store stands, read when somebody scrapes. Every process tells the same of it."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.errors import BridgeError
from worker.lanes import Backlog, Partition
from worker.ports import Clock, Lanes, Pauses, Sweeps
from worker.telemetry.instruments import PREFIX
from worker.telemetry.reasons import WHYS, why

#: How a gate can stand, from best to worst.
STATES: Final = ("open", "probing", "held", "paused")


class Readable(Lanes, Pauses, Sweeps, Protocol):
    """What is read of the store."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the store stands."""

    #: Of each service, its partitions' backlogs.
    backlogs: Mapping[str, Sequence[Backlog]]
    #: Of each service that can have any, its open interactions.
    open: Mapping[str, int]
    paused_channels: frozenset[str]
    at: datetime


async def stand(
    store: Readable, partitions: Mapping[str, int], services: Iterable[str], clock: Clock
) -> Standing:
    """Read how the store stands; one call for each partition. Raises StoreUnavailable."""
    now = clock()
    backlogs = {
        name: await asyncio.gather(
            *(store.backlog(Partition(name, index), now=now) for index in range(count))
        )
        for name, count in partitions.items()
    }
    return Standing(
        backlogs=backlogs,
        open={name: await store.open_count(name) for name in services},
        paused_channels=frozenset(await store.paused_channels()),
        at=now,
    )


class StoreGauges(Collector):
    """Tells how the store stands, as of a few seconds ago: many who scrape cost no more than one."""

    def __init__(
        self,
        read: Callable[[], Standing],
        *,
        channels: Sequence[str],
        fresh_s: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read` returns how the store stands, or raises BridgeError or TimeoutError."""
        self._read = read
        self._channels = tuple(channels)
        self._fresh_s = fresh_s
        self._now = now
        self._lock = threading.Lock()
        self._known: tuple[float, tuple[Metric, ...]] | None = None

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: registering must not read the store."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return the gauges; of a store that is away only that it is."""
        with self._lock:
            if self._known is None or self._now() - self._known[0] >= self._fresh_s:
                self._known = self._now(), self._look()
            return self._known[1]

    def _look(self) -> tuple[Metric, ...]:
        try:
            standing = self._read()
        except (BridgeError, TimeoutError):
            return (_up(0),)
        return (_up(1), *gauges(standing, self._channels))


def _up(value: int) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}store_up", "Whether the store answers this process.", value=value)


#: The sums over a service's partitions.
_SUMS: Final[tuple[tuple[str, str, Callable[[Backlog], int]], ...]] = (
    ("lanes_due", "Lanes that somebody should be looking at.", lambda each: each.due),
    ("lanes_waiting", "Lanes with anything to do: due, backing off or in work.", lambda each: each.lanes),
    ("lanes_in_flight", "Lanes being worked on by all workers together.", lambda each: each.in_flight),
    ("dead_letters", "Dead letters that wait for a person.", lambda each: each.dead),
    ("notices_untold", "Notices that were not passed on to the subscriptions.", lambda each: each.untold),
)


def gauges(standing: Standing, channels: Sequence[str]) -> tuple[Metric, ...]:
    """Return a service's partitions taken together, and the channels that a person shut."""
    sums = []
    for name, words, of in _SUMS:
        gauge = GaugeMetricFamily(f"{PREFIX}{name}", words, labels=("service",))
        for service, backlogs in standing.backlogs.items():
            gauge.add_metric((service,), sum(map(of, backlogs)))
        sums.append(gauge)
    paused = GaugeMetricFamily(f"{PREFIX}channel_paused", "Whether a person shut it.", labels=("channel",))
    for channel in channels:
        paused.add_metric((channel,), channel in standing.paused_channels)
    held = GaugeMetricFamily(f"{PREFIX}interactions_open", "Interactions that are open.", labels=("service",))
    for service, count in standing.open.items():
        held.add_metric((service,), count)
    return (*sums, _due_age(standing), *_gates(standing), held, paused)


def _due_age(standing: Standing) -> Metric:
    gauge = GaugeMetricFamily(
        f"{PREFIX}due_age_seconds", "For how long the oldest due lane has been due.", labels=("service",)
    )
    for service, backlogs in standing.backlogs.items():
        oldest = min((each.oldest for each in backlogs if each.oldest), default=standing.at)
        gauge.add_metric((service,), max((standing.at - oldest).total_seconds(), 0))
    return gauge


def _gates(standing: Standing) -> tuple[Metric, Metric]:
    """The worst partition's gate is the service's."""
    states = GaugeMetricFamily(
        f"{PREFIX}gate_state", "1 for how the gate stands.", labels=("service", "state")
    )
    whys = GaugeMetricFamily(
        f"{PREFIX}gate_shut", "1 for why the gate is not open; all 0 while it is.", labels=("service", "why")
    )
    for service, backlogs in standing.backlogs.items():
        state, because = max(map(_gate, backlogs), key=lambda each: STATES.index(each[0]))
        for each in STATES:
            states.add_metric((service, each), each == state)
        for word in WHYS:
            whys.add_metric((service, word), word == because)
    return states, whys


def _gate(backlog: Backlog) -> tuple[str, str]:
    if backlog.paused:
        return "paused", "person"
    if backlog.held_until:
        return "held", why(backlog.held_because)
    return ("probing", why(backlog.held_because)) if backlog.probing else ("open", "")
