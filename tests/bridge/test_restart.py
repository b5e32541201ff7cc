"""When a child that ended is started again."""

import pytest

from bridge.restart import Restart


def _pauses(*lived_s: float) -> list[float]:
    restart, pauses = Restart(), []
    for lived in lived_s:
        restart = restart.after(lived)
        pauses.append(restart.pause_s)
    return pauses


def test_each_pause_is_twice_the_last_up_to_half_a_minute() -> None:
    """1, 2, 4, 8, 16, then 30 s, however often it ends."""
    assert _pauses(*[0.1] * 7) == [1, 2, 4, 8, 16, 30, 30]
    assert Restart(ends=10_000).pause_s == 30


@pytest.mark.parametrize(("lived_s", "then"), [(59.9, 8), (60, 1)])
def test_who_ran_for_a_minute_begins_anew(lived_s: float, then: float) -> None:
    """What ends a child that ran well is not what kept it from starting."""
    assert _pauses(0, 0, 0, lived_s) == [1, 2, 4, then]


def test_the_notice_counts_from_the_second_end_on() -> None:
    """Once is an accident; from then on the operator sees that it goes on."""
    assert Restart(ends=1).notice == "; it starts again in 1 s"
    assert Restart(ends=6).notice == "; it starts again in 30 s (6 ends in a row)"
