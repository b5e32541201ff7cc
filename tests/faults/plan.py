"""Plan: what is sent and what is broken, and when, drawn from a seed. Pure: the same seed, the same plan.

A storm is a row of bouts. In a *melee* many things break at the same time; in a *calm* bout one thing does,
and what it costs can be measured. Nothing a bout breaks stays broken beyond its end.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

WORKERS: Final = 3
BEATS: Final = 2
#: Each way between two parts leads through a proxy of its own.
LINKS: Final = (
    "sender-http",
    "sender-smtp",
    "intake-store",
    "worker-store",
    "worker-broker",
    "worker-api",
)
#: Updates of `support` go out one by one; those of `billing` may be merged, and it has two partitions.
SERVICES: Final = ("support", "billing")
#: No conversation has more commands: each sets a property of its own, and a channel's rules name them all.
LONGEST: Final = 32

_MELEE_S: Final = 7.0
_PAUSE_S: Final = 1.0
#: A worker that is frozen must hold lanes in which much waits, or nobody is at work on them when it wakes: so
#: many long conversations begin so long before, all of them quick.
_CROWD: Final = 14
_CROWD_STEPS: Final = 20
_CROWD_BEFORE_S: Final = 1.2
#: Once it is frozen, calls are quick for so long, less than a lease: the others finish what they have, and
#: are free for what it held. Then calls are slow again, so that they are still at it when it wakes.
_QUICK_S: Final = 2.5
#: The share of all commands that crowds may have.
_MOSTLY: Final = 0.5


class Door(StrEnum):
    """How a conversation's sender speaks to the bridge."""

    WEBHOOK = "webhook"
    API = "api"
    MAIL = "mail"


class Kind(StrEnum):
    """What a step asks for."""

    CREATE = "create"
    UPDATE = "update"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a conversation."""

    #: Its place in the conversation, from 0.
    number: int
    kind: Kind
    #: How long the sender rests before it, in seconds.
    wait_s: float
    #: How many copies go out at the same time.
    copies: int = 1
    #: Whether it is sent once more after it was accepted.
    again: bool = False
    #: Whether its key is then used for another content, which must be refused.
    twisted: bool = False
    #: Whether somebody without the secret sends it as well, which must be refused.
    forged: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """What one sender says, in order: a step goes out when the one before it was accepted."""

    name: str
    service: str
    door: Door
    #: Seconds after the beginning of the storm.
    begins_s: float
    steps: tuple[Step, ...]


class Breakage(StrEnum):
    """What can be done to the parts."""

    KILL = "kill"  #: SIGKILL, and a new one after a while
    FREEZE = "freeze"  #: SIGSTOP, and SIGCONT after a while; of workers past the lease
    RESTART = "restart"  #: SIGTERM, and a new one at once
    WIPE = "wipe"  #: the broker forgets everything
    CUT = "cut"  #: every connection of a link is reset, and none is let through for a while
    DELAY = "delay"  #: everything on a link arrives later
    STALL = "stall"  #: nothing on a link arrives for a while; what was sent is dropped if its sender gives up
    API = "api"  #: a rule of the sandbox
    OUTAGE = "outage"  #: the API refuses connections
    CLOCK = "clock"  #: the API's clock is an hour off


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that breaks."""

    at_s: float
    for_s: float
    breakage: Breakage
    #: A process, a link, or the name of the sandbox's rule.
    target: str = ""
    #: Of a delay: seconds. Of the sandbox: its rule.
    detail: Any = None
    #: Whether it is the only thing that breaks at its time, so that it can be measured.
    calm: bool = False
    #: Whether long conversations begin right before it.
    crowded: bool = False

    @property
    def name(self) -> str:
        """What it is counted as."""
        one_of_many = self.target.startswith(("worker", "beat"))
        return f"{self.breakage} {self.target.rstrip('0123456789') if one_of_many else self.target}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that will happen."""

    seed: int
    #: How long the storm lasts.
    seconds: float
    conversations: tuple[Conversation, ...]
    faults: tuple[Fault, ...] = field(repr=False)

    @property
    def commands(self) -> int:
        """How many commands are sent, each counted once."""
        return sum(len(each.steps) for each in self.conversations)


def draw(seed: int, *, seconds: float, rate: float) -> Plan:
    """Return the plan of a seed.

    Args:
        seed: Any number.
        seconds: How long the storm lasts.
        rate: Commands sent a second, on average.
    """
    dice = random.Random(seed)  # noqa: S311 - a plan must be repeatable, not secret
    faults = tuple(_faults(dice, seconds))
    crowds = [fault.at_s - _CROWD_BEFORE_S for fault in faults if fault.crowded]
    return Plan(seed, seconds, tuple(_conversations(dice, seconds, rate, crowds)), faults)


# ── what is sent ────────────────────────────────────────────────────────────────────────────────────────────


def _conversations(
    dice: random.Random, seconds: float, rate: float, crowds: Sequence[float]
) -> Iterator[Conversation]:
    """Yield the crowds, and others at any time until there are enough."""
    planned, number = 0, 0
    for begins_s in [begins_s for begins_s in crowds for _ in range(_CROWD)]:
        if planned >= _MOSTLY * rate * seconds:
            break
        door = dice.choice((Door.WEBHOOK, Door.API))
        steps = tuple(Step(n, Kind.UPDATE if n else Kind.CREATE, 0.0) for n in range(_CROWD_STEPS))
        yield Conversation(f"{door}-{number}", "support", door, begins_s, steps)
        planned += len(steps)
        number += 1
    while planned < rate * seconds:
        door = dice.choices(list(Door), weights=(5, 4, 1))[0]
        service = "support" if door is Door.MAIL else dice.choice(SERVICES)
        steps = tuple(_steps(dice, door))
        begins_s = dice.uniform(0, seconds * 0.85)
        yield Conversation(f"{door}-{number}", service, door, begins_s, steps)
        planned += len(steps)
        number += 1


def _steps(dice: random.Random, door: Door) -> Iterator[Step]:
    length = dice.choice((2, 3, 5) if door is Door.MAIL else (2, 3, 6, LONGEST - 3))
    # most senders are quick, so that lanes grow; some come now and then
    pace_s = dice.choice((0.0, 0.0, 0.05, 0.8))
    kinds = [Kind.CREATE, *[Kind.UPDATE] * (length - 1)]
    if door is not Door.MAIL and dice.random() < 0.7:
        kinds.append(Kind.STOP)
        if dice.random() < 0.3:
            kinds += [Kind.UPDATE, Kind.STOP]
    for number, kind in enumerate(kinds):
        yield Step(
            number,
            kind,
            wait_s=dice.uniform(0, 2 * pace_s) if number else 0.0,
            copies=2 if dice.random() < 0.05 else 1,
            again=dice.random() < 0.1,
            twisted=dice.random() < 0.04,
            forged=dice.random() < 0.03,
        )


# ── what is broken ──────────────────────────────────────────────────────────────────────────────────────────

#: In a melee most calls take their time, each another one: whoever dies must hold lanes to be succeeded in,
#: and who wakes must find others at work on what it held. A create finds an agent who has just finished what
#: an earlier create made: repeating one is a second interaction then, and no 409.
_SLOW: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "agent_finishes", "operation": "create", "latency_ms": 100, "jitter_ms": 600},
    {"latency_ms": 100, "jitter_ms": 600},
)

#: Every kind of fault the sandbox knows, as rules. Latency stays below the time-out of a call: see the limit
#: on calls that the network holds back, in docs/guarantees.md.
API_RULES: Final[Mapping[str, tuple[dict[str, Any], ...]]] = {
    "status 500": ({"kind": "status", "status": 500, "probability": 0.5},),
    "status 502 after effect": ({"kind": "status", "status": 502, "after_commit": True, "probability": 0.4},),
    "status 503": ({"kind": "status", "status": 503, "retry_after": 1, "probability": 0.1},),
    "status 408": ({"kind": "status", "status": 408, "probability": 0.3},),
    "status 400": ({"kind": "status", "status": 400, "operation": "update", "probability": 0.03},),
    "overload": ({"kind": "overload", "probability": 0.05},),
    "bad key": ({"kind": "bad_key", "probability": 0.05},),
    "refuse": ({"kind": "refuse", "refuse_ms": 400, "probability": 0.01},),
    "reset before": ({"kind": "reset_before", "probability": 0.4},),
    "reset after effect": ({"kind": "reset_after_commit", "probability": 0.5},),
    "truncate": ({"kind": "truncate", "probability": 0.4},),
    "hang": ({"kind": "hang", "probability": 0.15},),
    "hang after effect": ({"kind": "hang", "after_commit": True, "probability": 0.15},),
    "wrong type": ({"kind": "wrong_content_type", "probability": 0.3},),
    "wrong type after effect": ({"kind": "wrong_content_type", "after_commit": True, "probability": 0.3},),
    "latency": ({"latency_ms": 60, "jitter_ms": 540},),
    "late answer": ({"latency_ms": 200, "jitter_ms": 2000, "after_commit": True, "probability": 0.5},),
    "agent finishes": tuple(
        {"kind": "agent_finishes", "operation": operation, "probability": 0.05}
        for operation in ("create", "update", "stop")
    ),
}

_WORKERS: Final = tuple(f"worker{n}" for n in range(WORKERS))

#: How likely, what, which targets, and from how long to how long.
_MELEE: Final[Sequence[tuple[int, Breakage, tuple[str, ...], float, float]]] = (
    (4, Breakage.KILL, _WORKERS, 0.0, 1.5),
    (2, Breakage.FREEZE, _WORKERS, 3.2, 5.0),
    (1, Breakage.RESTART, _WORKERS, 0.0, 0.0),
    (2, Breakage.KILL, ("intake",), 0.0, 1.0),
    (1, Breakage.FREEZE, ("intake",), 0.5, 3.0),
    (1, Breakage.KILL, tuple(f"beat{n}" for n in range(BEATS)), 0.0, 2.0),
    (1, Breakage.FREEZE, tuple(f"beat{n}" for n in range(BEATS)), 2.0, 5.0),
    (2, Breakage.KILL, ("store",), 0.1, 1.5),
    (1, Breakage.KILL, ("broker",), 0.1, 1.5),
    (2, Breakage.WIPE, ("broker",), 0.0, 0.0),
    (3, Breakage.CUT, LINKS, 0.2, 2.0),
    (2, Breakage.DELAY, LINKS, 1.0, 5.0),
    (2, Breakage.STALL, LINKS, 0.5, 4.0),
    (16, Breakage.API, tuple(API_RULES), 1.0, 5.0),
    (1, Breakage.OUTAGE, ("api",), 0.5, 2.5),
    (1, Breakage.CLOCK, ("api",), 1.0, 3.0),
)


def _slow(
    begins_s: float, ends_s: float, rules: Sequence[Mapping[str, Any]], *, frozen_s: float
) -> tuple[Fault, Fault]:
    """Return what makes calls slow from one time to another, around a worker that is frozen meanwhile."""
    again_s = frozen_s + _QUICK_S
    return (
        Fault(begins_s, frozen_s - begins_s, Breakage.API, "slow", detail=rules),
        Fault(again_s, ends_s - again_s, Breakage.API, "slow", detail=rules),
    )


#: How long a calm bout lasts, and what breaks in it.
_CALM: Final[Sequence[tuple[float, tuple[Fault, ...]]]] = (
    (
        8.0,
        (
            *_slow(0.0, 7.5, ({"latency_ms": 100, "jitter_ms": 500},), frozen_s=1.6),
            Fault(1.6, 3.8, Breakage.FREEZE, "steady worker", calm=True, crowded=True),
        ),
    ),
    (
        8.0,
        (
            # what the melee left is done by then: who is killed holds lanes, who is left has hands for them
            Fault(1.2, 5.8, Breakage.API, "slow", detail=({"latency_ms": 60},)),
            Fault(2.0, 0.0, Breakage.KILL, "worker", calm=True),
        ),
    ),
    (5.0, (Fault(1.0, 0.5, Breakage.KILL, "store", calm=True),)),
    (6.0, (Fault(1.0, 2.0, Breakage.OUTAGE, "api", calm=True),)),
)


def _faults(dice: random.Random, seconds: float) -> Iterator[Fault]:
    """Yield melees and calm bouts by turns."""
    now, turn = 1.0, 0
    while now + _MELEE_S <= seconds:
        melee = tuple(_melee(dice, now))
        yield from melee
        now += _MELEE_S + _PAUSE_S
        length_s, faults = _CALM[turn % len(_CALM)]
        if now + length_s > seconds:
            return
        # nothing else befell it: whoever was killed may not be at work yet, and would hold no lane
        steady = next(fault.target for fault in melee if fault.crowded)
        for fault in faults:
            targets = {"worker": _WORKERS, "steady worker": (steady,)}.get(fault.target, (fault.target,))
            yield replace(fault, at_s=now + fault.at_s, target=dice.choice(targets))
        now += length_s
        turn += 1


def _melee(dice: random.Random, begins_s: float) -> Iterator[Fault]:
    """Yield what breaks in a melee: in any case one worker is frozen and wakes again, one is killed."""
    frozen, killed, *_ = dice.sample(_WORKERS, len(_WORKERS))
    frozen_s = begins_s + dice.uniform(0.5, 2.0)
    yield from _slow(begins_s, begins_s + _MELEE_S, _SLOW, frozen_s=frozen_s)
    yield Fault(frozen_s, dice.uniform(3.8, 4.8), Breakage.FREEZE, frozen, crowded=True)
    yield Fault(begins_s + dice.uniform(0.5, 5.0), dice.uniform(0.0, 1.5), Breakage.KILL, killed)
    for _, breakage, targets, shortest_s, longest_s in dice.choices(
        _MELEE, [row[0] for row in _MELEE], k=dice.randint(7, 10)
    ):
        for_s = dice.uniform(shortest_s, longest_s)
        at_s = begins_s + dice.uniform(0.5, _MELEE_S - for_s)
        target = dice.choice([each for each in targets if each != frozen])
        detail: Any = None
        if breakage is Breakage.API:
            detail = API_RULES[target]
        elif breakage is Breakage.DELAY:
            detail = dice.uniform(0.005, 0.15)
        yield Fault(at_s, for_s, breakage, target, detail)
