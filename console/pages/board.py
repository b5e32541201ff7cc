"""The board: how everything stands, gathered for one look at the overview."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from console.condition import LATE, Condition, Gate, look
from console.pages.spans import Counts, Stretch, counts
from console.stops import Stops, stops_in
from worker.pace import Pace
from worker.search_ports import Waiting
from worker.spans import span
from worker.sweeps import Result, Sweep
from worker.wiring import Bridge

#: A worker that said nothing for so long is not there: it would have said so three times.
GONE: Final = timedelta(seconds=30)
#: Waiting lanes that are looked at one by one, of each service.
WAITING_AT_MOST: Final = 500
_SWEEPS: Final = 5
_HELD: Final = frozenset({Gate.HELD, Gate.PROBING})
_REFUSED_KEY: Final = ("401", "403")


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a person has to see to, and where."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """One channel of a service."""

    name: str
    stops: Stops
    counts: Counts
    #: Conversations that wait with a command of this channel at their head.
    waits: int
    #: Whether it is configured; what is not has commands all the same, as sweeps and clients have.
    configured: bool


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One service and its channels."""

    condition: Condition
    counts: Counts
    channels: tuple[ChannelLine, ...]


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process that was there within the last day."""

    name: str
    seen_at: datetime
    there: bool


@dataclass(frozen=True, slots=True)
class Board:
    """Everything."""

    at: datetime
    stretch: Stretch
    total: Counts
    services: tuple[ServiceLine, ...]
    workers: tuple[Worker, ...]
    sweeps: tuple[Sweep, ...]
    needs: tuple[Need, ...]
    #: What is to be known of the store, each as a sentence.
    doubts: tuple[str, ...]

    @property
    def conditions(self) -> Sequence[Condition]:
        """How each service stands."""
        return [each.condition for each in self.services]

    @property
    def waits(self) -> int:
        """Conversations with something to do."""
        return sum(each.lanes for each in self.conditions)

    @property
    def dead(self) -> int:
        """Dead letters."""
        return sum(each.dead for each in self.conditions)

    @property
    def oldest(self) -> timedelta:
        """For how long the oldest lane has been due."""
        return max((each.late for each in self.conditions if each.due), default=timedelta())

    @property
    def workers_there(self) -> int:
        """Worker processes that are there."""
        return sum(each.there for each in self.workers)

    @property
    def verdict(self) -> str:
        """All of it in one sentence."""
        if not self.needs:
            return "All is well"
        return (
            "One thing needs a person" if len(self.needs) == 1 else f"{len(self.needs)} things need a person"
        )


async def board(bridge: Bridge, stretch: Stretch) -> Board:
    """Return how everything stands. Raises StoreUnavailable."""
    store, now = bridge.store, bridge.clock()
    names = list(bridge.settings.services)
    signs = await store.signs()
    services = await asyncio.gather(*(_service(bridge, name, stretch) for name in names))
    paces = await asyncio.gather(*(store.pace(name) for name in names))
    recorded = await asyncio.gather(*(store.sweeps(name, limit=_SWEEPS) for name in names))
    sweeps = sorted((each for found in recorded for each in found), key=lambda each: each.at, reverse=True)
    workers = tuple(
        Worker(name, at, now - at < GONE)
        for name, at in sorted(signs.items(), key=lambda each: each[1], reverse=True)
    )
    doubts = (*await store.troubles(), *await store.weaknesses())
    return Board(
        at=now,
        stretch=stretch,
        total=counts(Pace.together(paces), stretch, now),
        services=tuple(services),
        workers=workers,
        sweeps=tuple(sweeps[:_SWEEPS]),
        needs=tuple(_needs(services, workers, recorded)),
        doubts=tuple(f"The store {doubt}" for doubt in doubts),
    )


async def _service(bridge: Bridge, name: str, stretch: Stretch) -> ServiceLine:
    store, now = bridge.store, bridge.clock()
    condition, pace, paces, waiting = await asyncio.gather(
        look(bridge, name),
        store.pace(name),
        store.paces(name),
        store.waiting(name, limit=WAITING_AT_MOST),
    )
    configured = [each for each, channel in bridge.settings.channels.items() if channel.service == name]
    waits = _by_channel(waiting)
    lines = [
        ChannelLine(
            name=channel,
            stops=stops_in(condition.channels_paused, condition.channels_held, channel),
            counts=counts(paces.get(channel, Pace()), stretch, now),
            waits=waits[channel],
            configured=channel in configured,
        )
        for channel in dict.fromkeys([*configured, *sorted(paces)])
    ]
    shown = tuple(line for line in lines if line.configured or line.counts.came or line.waits)
    return ServiceLine(condition, counts(pace, stretch, now), shown)


def _by_channel(waiting: Sequence[Waiting]) -> Counter[str]:
    return Counter(each.channel for each in waiting)


def _needs(
    services: Sequence[ServiceLine], workers: Sequence[Worker], swept: Sequence[Sequence[Sweep]]
) -> Iterator[Need]:
    """Say what needs a person, the worst first."""
    if not any(each.there for each in workers):
        yield Need("No worker is there: nothing is delivered until one is started", "/#workers")
    for line in services:
        yield from needs_of(line.condition)
    for sweeps in swept:
        if sweeps and sweeps[0].result is Result.REFUSED:
            yield Need(
                f"The last sweep of {sweeps[0].service} stopped nothing: {sweeps[0].reason}", "/sweeps"
            )


def needs_of(condition: Condition) -> Iterator[Need]:
    """Say what a service needs of a person."""
    service, because = condition.service, condition.because
    if condition.gate is Gate.PAUSED:
        yield Need(f"Service {service} is paused: {because}", f"/service?name={service}")
    if condition.gate in _HELD and because.startswith(_REFUSED_KEY):
        yield Need(f"Service {service} refuses the API key ({because})", f"/service?name={service}")
    if condition.dead:
        letters = "1 dead letter" if condition.dead == 1 else f"{condition.dead} dead letters"
        yield Need(f"Service {service} has {letters}", f"/letters?service={service}")
    if condition.late > LATE:
        yield Need(
            f"Service {service} has had work waiting for {span(condition.late)}", f"/service?name={service}"
        )
    yield from _stopped(condition)


def _stopped(condition: Condition) -> Iterator[Need]:
    """Say what a person stopped within a service, and what none can be sure of."""
    for channel, reason in condition.channels_paused.items():
        yield Need(f"Channel {channel} is paused: {reason}", f"/channel?name={channel}")
    for channel, reason in condition.channels_held.items():
        yield Need(f"What comes by {channel} is held: {reason}", f"/channel?name={channel}")
    if condition.sweeps_paused:
        yield Need(f"Sweeps of {condition.service} are paused: {condition.sweeps_paused}", "/sweeps")
    if condition.doubted_since:
        yield Need(
            f"Service {condition.service} has shown none of our interactions for a while, so none is taken "
            "for ended; is its base_url right?",
            f"/service?name={condition.service}",
        )
