"""The crew: one process's deliveries for one service, many lanes at once.

A drain claims what is due, works on it concurrently and refills as hands come free, so that a slow answer
holds up only its own lane, and a slow store no call. While it has room it looks again every few milliseconds,
and the store tells senders that nobody needs to be rung: a command that arrives meanwhile is on its way
before a message could be.
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

from worker.drain.desk import Desk
from worker.drain.hands import Hand, Hands
from worker.drain.lane import deliver
from worker.errors import StoreUnavailable
from worker.events import DrainFailed, LaneClaimed
from worker.lanes import Claim, Partition
from worker.ports import Doorbell

#: How often a ring may be passed on by crews that have no hand free, before it is left to the next tick.
_MOST_HOPS = 3
#: How often a backlog larger than the crew calls for others.
_CALL_FOR_HELP_S = 1.0
#: A refill waits for room for this share of the crew, or for the next look: a claim for each lane would
#: cost a round trip per command.
_REFILL_SHARE = 8
#: How many times its hands a crew may hold while the store is slow to write down what came of the calls.
_MOST_HELD = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """How a drain spends its time."""

    #: Calls made at once.
    in_flight: int
    #: How long a drain claims before it makes room for others, in seconds.
    slice_s: float
    #: How long it waits for more when there is nothing to do, in seconds.
    linger_s: float
    #: How often it looks while it has room, in seconds.
    poll_s: float


class Crew:
    """Runs the drains of one service in one process."""

    def __init__(self, desk: Desk, doorbell: Doorbell, pace: Pace) -> None:
        self._desk = desk
        self._doorbell = doorbell
        self._pace = pace
        self._hands = Hands(pace.in_flight, freed=self._look_for_room)
        self._refill = max(pace.in_flight // _REFILL_SHARE, 1)
        #: How many lanes are claimed before there is a hand for them, so that no hand waits for the store.
        self._ahead = 0
        self._draining: set[Partition] = set()
        self._deliveries: set[asyncio.Task[None]] = set()
        self._ringing: set[asyncio.Task[bool]] = set()
        self._room = asyncio.Event()
        self._help_called = float("-inf")
        #: When the store last answered a claim, in seconds of `time.monotonic`; for the watchdog's thread.
        self.looked_at = time.monotonic()

    @property
    def free(self) -> int:
        """How many hands no lane needs."""
        return max(self._hands.free, 0)

    @property
    def _vacant(self) -> int:
        """How many more lanes may be claimed."""
        held = len(self._deliveries)
        return max(min(self._hands.free + self._ahead, self._pace.in_flight * _MOST_HELD - held), 0)

    async def drain(self, partition: Partition, *, hops: int = 0) -> None:
        """Work on what is due until there is nothing, or the slice is over.

        Returns at once where this crew already drains the partition; a crew without a free hand passes the
        ring on to another worker.
        """
        if partition in self._draining:
            if self.free == 0 and hops < _MOST_HOPS:
                await self._doorbell.ring(partition, hops=hops + 1)
            return
        self._draining.add(partition)
        begun: set[asyncio.Task[None]] = set()
        try:
            await self._work(partition, begun)
        except StoreUnavailable as error:
            self._desk.listen(DrainFailed(self._desk.service, "", str(error)))
        finally:
            # The next drain of this partition may begin while the last calls of this one come home.
            self._draining.discard(partition)
            if begun:
                await asyncio.wait(begun)

    async def _work(self, partition: Partition, begun: set[asyncio.Task[None]]) -> None:
        now = asyncio.get_running_loop().time
        end, last_busy = now() + self._pace.slice_s, now()
        while now() < end and not self._desk.stopping:
            # Without room nothing was looked at: that is no reason to leave.
            bored = self._vacant > 0 and not begun and now() - last_busy >= self._pace.linger_s
            claimed = await self._claim(partition, begun, leaving=bored)
            if bored and not claimed:
                return
            if claimed or begun:
                last_busy = now()
            await self._pause()
        await self._hand_over(partition)

    async def _claim(self, partition: Partition, begun: set[asyncio.Task[None]], *, leaving: bool) -> bool:
        """Claim as many lanes as there is room for and begin with them; say whether there were any."""
        wanted, freed = self._vacant, self._hands.freed
        if wanted == 0:
            return False
        desk = self._desk
        began = time.perf_counter()
        claims = await desk.lanes.claim(
            partition, limit=wanted, lease=desk.lease, token=desk.ids(), now=desk.clock(), leaving=leaving
        )
        self.looked_at = time.monotonic()
        took_ms = (time.perf_counter() - began) * 1000
        self._plan_ahead(self._hands.freed - freed)
        for claim in claims:
            desk.listen(_claimed(claim, took_ms))
            task = self._begin(claim)
            begun.add(task)
            task.add_done_callback(begun.discard)
        if len(claims) == wanted:
            self._call_for_help(partition)
        return bool(claims)

    def _begin(self, claim: Claim) -> asyncio.Task[None]:
        hand = Hand(self._hands)
        task = asyncio.create_task(deliver(self._desk, claim, hand))
        self._deliveries.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._deliveries.discard(task)
            hand.drop()
            self._look_for_room()

        task.add_done_callback(ended)
        return task

    def _plan_ahead(self, freed: int) -> None:
        """Have as many lanes wait for a hand as hands came free while the last claim was under way."""
        self._ahead = min(freed + self._refill, self._pace.in_flight) if freed else 0

    def _look_for_room(self) -> None:
        if self._vacant >= self._refill:
            self._room.set()

    async def _pause(self) -> None:
        """Return when there is room for a good share of the crew, or when it is time to look again."""
        self._room.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.poll_s):
                await self._room.wait()

    def _call_for_help(self, partition: Partition) -> None:
        """Ring, and do not wait for it: a claim that came back full means that there is probably more."""
        now = asyncio.get_running_loop().time()
        if now - self._help_called >= _CALL_FOR_HELP_S:
            self._help_called = now
            ringing = asyncio.create_task(self._doorbell.ring(partition))
            self._ringing.add(ringing)
            ringing.add_done_callback(self._ringing.discard)

    async def _hand_over(self, partition: Partition) -> None:
        """Let the next command ring, and wake the next drain for what waits already."""
        desk = self._desk
        await desk.lanes.claim(
            partition, limit=0, lease=desk.lease, token=desk.ids(), now=desk.clock(), leaving=True
        )
        await self._doorbell.ring(partition)


def _claimed(claim: Claim, took_ms: float) -> LaneClaimed:
    first = claim.commands[0]
    return LaneClaimed(
        service=claim.partition.service,
        external_id=claim.external_id,
        sequence=first.sequence,
        trace_id=first.command.trace_id if first.command else "",
        attempt=claim.attempt,
        stolen=claim.stolen,
        elapsed_ms=took_ms,
    )
