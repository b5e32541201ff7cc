"""The condition of a service: what waits, what holds it up, whether that needs a person."""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from console.shell import command
from worker.lanes import Backlog, Partition
from worker.pace import Counted, Pace
from worker.settings import Settings, client_channel
from worker.spans import span
from worker.wiring import Bridge

#: Writes a moment, and nothing where there is none.
Clock = Callable[[datetime | None], str]

#: Work that has been due for longer is not being done.
LATE: Final = timedelta(minutes=5)
#: The stretches of time over which rates are told, in minutes.
RATES_OVER: Final = (1, 5, 15)
_KEY_REFUSED: Final = re.compile(r"^(401|403)\b")


class Gate(StrEnum):
    """Whether a service's lanes may be worked on."""

    OPEN = "open"  #: they may
    PROBING = "probing"  #: one at a time, until a call comes home
    HELD = "held"  #: not before a given time
    PAUSED = "paused"  #: not before a person resumes


@dataclass(frozen=True, slots=True)
class Condition:
    """How a service stands, its partitions taken together."""

    service: str
    gate: Gate = Gate.OPEN
    because: str = ""
    until: datetime | None = None
    #: How many of its partitions the gate stands like this for, as in `1 of 4`; empty for all.
    share: str = ""
    #: Lanes that somebody should be looking at.
    due: int = 0
    #: Lanes with anything to do.
    lanes: int = 0
    #: For how long the oldest lane has been due.
    late: timedelta = timedelta()
    dead: int = 0
    #: Lanes being worked on; each makes one call at a time.
    in_flight: int = 0
    #: How many a minute, over the last so many minutes.
    rates: Mapping[Counted, Mapping[int, float]] = field(default_factory=dict)
    #: What the doors counted, by channel.
    counters: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    #: Its channels that are paused, with the reason.
    channels_paused: Mapping[str, str] = field(default_factory=dict)
    #: Its channels whose commands are held, with the reason; clients of the command API among them.
    channels_held: Mapping[str, str] = field(default_factory=dict)
    #: Why its sweeps are paused; empty when they are not.
    sweeps_paused: str = ""
    #: Since when reconcile closes nothing, because it sees nothing of ours at the API.
    doubted_since: datetime | None = None

    def standing(self, clock: Clock) -> str:
        """Return how the gate stands, in words."""
        until = f" until {clock(self.until)}" if self.until else ""
        share = f" in {self.share} partitions" if self.share else ""
        because = f" because: {self.because}" if self.because else ""
        return f"{self.gate}{until}{share}{because}"

    def needs(self, clock: Clock) -> Iterator[str]:
        """Say what needs a person, and what to do about it."""
        if self.gate is Gate.PAUSED:
            yield f"is {self.standing(clock)}; {command('resume', self.service)} lets it go on"
        if self.gate in (Gate.HELD, Gate.PROBING) and _KEY_REFUSED.match(self.because):
            yield (
                f"refuses the API key ({self.because}); mend services.{self.service}.api_key, "
                "it goes on by itself"
            )
        if self.dead:
            letters = "1 dead letter" if self.dead == 1 else f"{self.dead} dead letters"
            yield f"has {letters}; {command('dead', 'list', self.service)} tells which"
        if self.late > LATE:
            why = self.standing(clock) if self.gate is not Gate.OPEN else "do the workers and the beat run?"
            yield f"has had work waiting for {span(self.late)}; {why}"
        yield from self._holds(clock)

    def _holds(self, clock: Clock) -> Iterator[str]:
        """Say what a person stopped or has to look at, and how it goes on."""
        for channel, reason in self.channels_paused.items():
            lift = command("channel", "resume", channel)
            yield f"has channel {channel} paused because: {reason}; {lift} lets it go on"
        for channel, reason in self.channels_held.items():
            lift = command("channel", "resume", channel)
            yield f"has what comes by {channel} held because: {reason}; {lift} lets it go"
        if self.sweeps_paused:
            lift = command("sweep", "resume", self.service)
            yield f"has its sweeps paused because: {self.sweeps_paused}; {lift} lets them go on"
        if self.doubted_since:
            yield (
                f"has shown none of our interactions since {clock(self.doubted_since)}, so none is taken for "
                f"ended; is services.{self.service}.base_url right?"
            )


async def look(bridge: Bridge, service: str) -> Condition:
    """Return how a service stands now. Raises StoreUnavailable."""
    now = bridge.clock()
    partitions = [Partition(service, index) for index in range(bridge.partitions[service])]
    backlogs = await asyncio.gather(*(bridge.store.backlog(each, now=now) for each in partitions))
    tallies, pace = await bridge.store.tallies(service), await bridge.store.pace(service)
    paused, held = await bridge.store.paused_channels(), await bridge.store.held_channels()
    return replace(
        summed(service, backlogs, tallies, pace, now),
        channels_paused=_of_service(bridge.settings, service, paused),
        channels_held=_of_service(bridge.settings, service, held),
        sweeps_paused=await bridge.store.sweeps_paused(service),
        doubted_since=await bridge.store.doubted(service),
    )


def _of_service(settings: Settings, service: str, reasons: Mapping[str, str]) -> dict[str, str]:
    """Return those of the channels that bring a service anything."""
    channels = {name for name, each in settings.channels.items() if each.service == service}
    channels |= {client_channel(name) for name, each in settings.clients.items() if service in each.services}
    return {name: reason for name, reason in sorted(reasons.items()) if name in channels}


def summed(
    service: str, backlogs: Sequence[Backlog], tallies: Mapping[str, int], pace: Pace, now: datetime
) -> Condition:
    """Return the condition that the partitions make together; the worst gate is the service's."""
    worst = max(backlogs, key=lambda each: (_RANK[_gate(each)], each.held_until or now))
    gate = _gate(worst)
    alike = sum(_gate(each) is gate for each in backlogs)
    oldest = min((each.oldest for each in backlogs if each.oldest), default=now)
    return Condition(
        service=service,
        gate=gate,
        because="" if gate is Gate.OPEN else worst.paused or worst.held_because,
        until=worst.held_until if gate is Gate.HELD else None,
        share="" if gate is Gate.OPEN or alike == len(backlogs) else f"{alike} of {len(backlogs)}",
        due=sum(each.due for each in backlogs),
        lanes=sum(each.lanes for each in backlogs),
        late=max(now - oldest, timedelta()),
        dead=sum(each.dead for each in backlogs),
        in_flight=sum(each.in_flight for each in backlogs),
        rates={
            what: {minutes: pace.per_minute(what, minutes, now) for minutes in RATES_OVER} for what in Counted
        },
        counters=_by_channel(tallies),
    )


_RANK: Final = {gate: rank for rank, gate in enumerate(Gate)}


def _gate(backlog: Backlog) -> Gate:
    if backlog.paused:
        return Gate.PAUSED
    if backlog.held_until:
        return Gate.HELD
    return Gate.PROBING if backlog.probing else Gate.OPEN


def _by_channel(tallies: Mapping[str, int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for name, count in sorted(tallies.items()):
        channel, _, counter = name.rpartition(":")
        found.setdefault(channel, {})[counter] = count
    return found
