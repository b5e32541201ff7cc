"""Storm: runs a plan. Senders send, things break as planned, all is let heal, the evidence is gathered."""

import asyncio
import contextlib
import signal
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import redis

from tests.faults import recovery
from tests.faults.gathering import Audit, gather, unfinished
from tests.faults.model import Evidence
from tests.faults.plan import Breakage, Fault, Plan
from tests.faults.processes import Processes, until
from tests.faults.proxy import Way
from tests.faults.senders import Senders

#: How long everything may take to come to rest after the last thing broke.
HEALING_S: Final = 240.0
_HOUR_S: Final = 3600
_SUPERVISED_S: Final = 0.5
#: How long what is asked to stop may take before it is killed, as any supervisor does.
_GRACE_S: Final = 10.0


@dataclass(slots=True)
class Outcome:
    """What a storm leaves."""

    evidence: Evidence
    #: How often each thing was broken.
    faults: Counter[str]
    times: recovery.Times
    #: Calls to the API, looks included.
    calls: int
    #: Sendings without an answer.
    unanswered: int
    #: How long it took from the end of the storm until nothing was left to do, in seconds.
    healing_s: float
    #: What could not be brought to rest in time.
    unrest: tuple[str, ...] = ()
    #: What ended without being killed, with its last words; it was started again.
    quitters: tuple[str, ...] = ()


@dataclass(slots=True)
class Storm:
    """One plan on one set of processes that have been started."""

    plan: Plan
    processes: Processes
    audit: Audit = field(init=False)
    times: recovery.Times = field(default_factory=recovery.Times)
    done: Counter[str] = field(default_factory=Counter)
    #: What ended without being killed, with its last words.
    quitters: list[str] = field(default_factory=list)
    _rules: dict[int, Any] = field(default_factory=dict)
    #: One for each server.
    _mending: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    #: When whoever missed a server is back at it, in seconds of `time.monotonic`.
    _settled_at: float = 0.0
    #: What is down because the plan says so.
    _down: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.audit = Audit(self.processes)

    async def run(self) -> Outcome:
        """Return what became of everything."""
        http_port, smtp_port = self.processes.doors
        async with (
            Senders(http_port=http_port, smtp_port=smtp_port) as senders,
            asyncio.TaskGroup() as group,
        ):
            reading = group.create_task(self.audit.follow())
            saying = group.create_task(senders.say(self.plan.conversations))
            watching = group.create_task(self._supervise())
            await self._break_everything()
            began = time.monotonic()
            await self._heal()
            unrest = await self._rest(saying)
            healing_s = time.monotonic() - began
            saying.cancel()
            reading.cancel()
            watching.cancel()
        await self.audit.read()
        evidence = await asyncio.to_thread(
            gather, self.processes, self.plan, tuple(senders.answers), self.audit.entries
        )
        return Outcome(
            evidence,
            self.done,
            self.times,
            len(self.audit.entries),
            senders.unanswered,
            healing_s,
            unrest,
            tuple(self.quitters),
        )

    # ── breaking ────────────────────────────────────────────────────────────────────────────────────────────

    async def _break_everything(self) -> None:
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for fault in sorted(self.plan.faults, key=lambda each: each.at_s):
                await asyncio.sleep(max(0.0, began + fault.at_s - time.monotonic()))
                self.done[fault.name] += 1
                group.create_task(self._break(fault))
            await asyncio.sleep(max(0.0, began + self.plan.seconds - time.monotonic()))

    async def _break(self, fault: Fault) -> None:
        link = self.processes.links.get(fault.target)
        if link is not None:
            await _harm(link, fault)
        elif fault.breakage is Breakage.KILL and fault.target in {"store", "broker"}:
            await self._kill_server(fault)
        else:
            await _WAYS[fault.breakage](self, fault)

    async def _supervise(self) -> None:
        """Start again what ended by itself, as any supervisor would, and remember that it did."""
        while True:
            await asyncio.sleep(_SUPERVISED_S)
            for part in self.processes.parts.values():
                if part.process is not None and not part.runs and part.name not in self._down:
                    self.quitters.append(f"{part.name}: {part.last_words}")
                    part.start()

    async def _kill(self, fault: Fault) -> None:
        part = self.processes.parts[fault.target]
        quiet = self._is_quiet(fault, recovery.TAKEOVER)
        self._down.append(part.name)
        part.kill()
        if quiet:
            with self.processes.redis() as client:
                await self._measure(recovery.TAKEOVER, recovery.taken_over(client, self.processes.prefixes))
        await asyncio.sleep(fault.for_s)
        self._down.remove(part.name)
        part.start()

    async def _kill_server(self, fault: Fault) -> None:
        server = self.processes.server(fault.target)
        quiet = self._is_quiet(fault, recovery.REDIS_BACK)
        # what is killed twice at the same time is killed again once it is back
        async with self._mending[fault.target]:
            began = time.monotonic()
            await asyncio.to_thread(server.kill)
            await asyncio.sleep(fault.for_s)
            for what, took_s in (await asyncio.to_thread(server.restore)).items():
                self.times.add(what, took_s)
            now = time.monotonic()
            # the longer it was away, the more rarely others look for it
            self._settled_at = max(self._settled_at, now + (now - began))
        if quiet:
            await self._measure(recovery.REDIS_BACK, self.audit.next_effect(recovery.PATIENCE_S))

    async def _measure(self, what: str, recovering: Awaitable[float]) -> None:
        """Note how long a recovery takes, unless a busy machine lets the next bout begin meanwhile."""
        try:
            self.times.add(what, await recovering)
        except (OSError, redis.RedisError):
            self.done[f"unmeasured: {what}"] += 1

    def _is_quiet(self, fault: Fault, what: str) -> bool:
        """Whether a fault is one to measure, and nothing of what broke before it is left.

        A server may take longer to come back than its bout lasts.
        """
        if not fault.calm:
            return False
        mending = any(lock.locked() for lock in self._mending.values())
        quiet = not mending and time.monotonic() >= self._settled_at
        if not quiet:
            self.done[f"unmeasured: {what}"] += 1
        return quiet

    async def _freeze(self, fault: Fault) -> None:
        process = self.processes.parts[fault.target].process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(fault.for_s)
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)

    async def _restart(self, fault: Fault) -> None:
        part = self.processes.parts[fault.target]
        self._down.append(part.name)
        part.send(signal.SIGTERM)
        try:
            await asyncio.to_thread(part.wait, _GRACE_S)
        except subprocess.TimeoutExpired:
            self.done["killed: did not stop in time"] += 1
            part.kill()
        self._down.remove(part.name)
        part.start()

    async def _wipe(self, _: Fault) -> None:
        await asyncio.to_thread(self.processes.broker.wipe)

    async def _spoil(self, fault: Fault) -> None:
        self._rules[id(fault)] = fault.detail
        await self._put_rules()
        await asyncio.sleep(fault.for_s)
        del self._rules[id(fault)]
        await self._put_rules()

    async def _put_rules(self) -> None:
        # the first that strikes counts, so those that strike always come last
        rules = sorted(
            (rule for each in self._rules.values() for rule in each),
            key=lambda rule: "probability" not in rule,
        )
        await self._steer("PUT", "faults", rules)

    async def _outage(self, fault: Fault) -> None:
        quiet = self._is_quiet(fault, recovery.API_BACK)
        await self._steer("POST", "outage", {"for_s": fault.for_s})
        await asyncio.sleep(fault.for_s)
        if quiet:
            with self.processes.redis() as client:
                await self._measure(recovery.API_BACK, recovery.drained(client, self.processes.prefixes))

    async def _clock(self, fault: Fault) -> None:
        await self._steer("PUT", "clock", {"offset_s": _HOUR_S})
        await asyncio.sleep(fault.for_s)
        await self._steer("PUT", "clock", {"offset_s": 0})

    async def _steer(self, method: str, path: str, body: Any) -> None:  # noqa: ANN401 - JSON of any shape
        """Tell the sandbox something, if need be after its outage."""

        async def told() -> bool:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self.processes.sandbox, method, path, body)
                return True
            return False

        await until(told, f"the sandbox to take {path}")

    # ── healing ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _heal(self) -> None:
        """Let everything be there again."""
        await self._steer("DELETE", "faults", None)
        for part in self.processes.parts.values():
            part.start()
            part.send(signal.SIGCONT)

    async def _rest(self, saying: "asyncio.Task[None]") -> tuple[str, ...]:
        """Return what does not come to rest; nothing, if all goes well."""
        deadline = time.monotonic() + HEALING_S
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEALING_S):
                await asyncio.shield(saying)
        if not saying.done():
            return ("senders that were not all answered",)
        while left := await asyncio.to_thread(unfinished, self.processes):
            if time.monotonic() > deadline:
                return left
            await asyncio.sleep(0.2)
        return ()


async def _harm(link: Way, fault: Fault) -> None:
    match fault.breakage:
        case Breakage.CUT:
            await link.cut(fault.for_s)
        case Breakage.STALL:
            await link.stall(fault.for_s)
        case Breakage.DELAY:
            await link.delay(fault.for_s, fault.detail)


_WAYS: Final[Mapping[Breakage, Callable[[Storm, Fault], Awaitable[None]]]] = {
    Breakage.KILL: Storm._kill,
    Breakage.FREEZE: Storm._freeze,
    Breakage.RESTART: Storm._restart,
    Breakage.WIPE: Storm._wipe,
    Breakage.API: Storm._spoil,
    Breakage.OUTAGE: Storm._outage,
    Breakage.CLOCK: Storm._clock,
}
