"""The plan: one seed is one plan, nothing that breaks stays broken, and what is measured is alone."""

from collections import Counter
from itertools import pairwise

import pytest

from tests.faults.plan import API_RULES, LONGEST, WORKERS, Breakage, Fault, Kind, draw
from tests.faults.processes import HANDS, LEASE_S

SEEDS = range(20)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_is_a_plan(seed: int) -> None:
    """Twice the same seed is the same plan; another seed is another one."""
    plan = draw(seed, seconds=60, rate=20)
    assert draw(seed, seconds=60, rate=20) == plan
    assert draw(seed + 1, seconds=60, rate=20) != plan


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_broken_is_mended_in_time(seed: int) -> None:
    """Every fault ends before the storm does, and conversations fit the channels' rules."""
    plan = draw(seed, seconds=90, rate=20)
    assert max(fault.at_s + fault.for_s for fault in plan.faults) <= 90
    for conversation in plan.conversations:
        assert len(conversation.steps) <= LONGEST
        assert [step.number for step in conversation.steps] == list(range(len(conversation.steps)))
        kinds = [step.kind for step in conversation.steps]
        assert kinds[0] is Kind.CREATE
        assert (Kind.STOP, Kind.STOP) not in pairwise(kinds)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_measured_is_alone(seed: int) -> None:
    """Nothing but a slow API stands beside a calm fault, four seconds before it and five after it."""
    faults = draw(seed, seconds=300, rate=5).faults

    def beside(calm: Fault) -> list[str]:
        return [
            each.name
            for each in faults
            if each is not calm
            and each.target != "slow"
            and each.at_s < calm.at_s + calm.for_s + 3
            and each.at_s + each.for_s > calm.at_s - 1
        ]

    calm = [fault for fault in faults if fault.calm]
    assert len(calm) >= 9
    assert [name for fault in calm for name in beside(fault)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_is_frozen_has_its_hands_full(seed: int) -> None:
    """Right before a worker is frozen past its lease, long conversations begin, and others go on as well."""
    plan = draw(seed, seconds=60, rate=60)
    frozen = [fault for fault in plan.faults if fault.crowded]
    assert len(frozen) >= 5
    assert all(fault.breakage is Breakage.FREEZE and fault.for_s > LEASE_S for fault in frozen)
    for fault in frozen:
        crowd = [each for each in plan.conversations if 1 < fault.at_s - each.begins_s < 1.5]
        long = [each for each in crowd if len(each.steps) == 20 and each.service == "support"]
        assert len(long) > WORKERS * HANDS + 4
    doors = Counter(each.door for each in plan.conversations)
    assert min(doors.values()) > 5


@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_wakes_finds_others_at_work(seed: int) -> None:
    """Calls are slow up to the freeze, quick while the lease of the frozen lasts, and slow when it wakes."""
    faults = draw(seed, seconds=90, rate=20).faults
    slow = [(each.at_s, each.at_s + each.for_s) for each in faults if each.target == "slow"]

    def is_slow(at_s: float) -> bool:
        return any(begins_s <= at_s <= ends_s for begins_s, ends_s in slow)

    for fault in (each for each in faults if each.crowded):
        lapses_s, wakes_s = fault.at_s + LEASE_S, fault.at_s + fault.for_s
        assert wakes_s > lapses_s + 0.5
        asked = (fault.at_s - 0.4, fault.at_s + 1, lapses_s, wakes_s)
        assert [is_slow(at_s) for at_s in asked] == [True, False, True, True]


@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_is_frozen_has_been_at_work(seed: int) -> None:
    """Nothing has killed or restarted it for long enough to start: it holds lanes that somebody misses."""
    faults = draw(seed, seconds=300, rate=5).faults
    for frozen in (each for each in faults if each.crowded and each.calm):
        shortly_before = [
            each.name
            for each in faults
            if each.target == frozen.target
            and each.breakage in {Breakage.KILL, Breakage.RESTART}
            and frozen.at_s - 5 < each.at_s + each.for_s
            and each.at_s < frozen.at_s
        ]
        assert shortly_before == []


def test_a_long_run_breaks_everything() -> None:
    """Half an hour holds every way of breaking every part, every fault of the sandbox, and 200 kills."""
    counted = Counter(fault.name for fault in draw(7, seconds=1800, rate=1).faults)
    assert {name.partition(" ")[0] for name in counted} == set(Breakage)
    assert {f"api {name}" for name in API_RULES} <= set(counted)
    assert sum(times for name, times in counted.items() if name.startswith("kill ")) >= 200
