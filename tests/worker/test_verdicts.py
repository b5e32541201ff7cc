"""Verdicts are complete: an ending for everything but one more call."""

import typing

from worker.verdicts import Again, Bury, Ending, Hold, Proceed, Verdict


def test_only_one_more_call_is_no_ending() -> None:
    """Every other verdict ends the present look at a command."""
    assert set(typing.get_args(Verdict)) - set(typing.get_args(Ending)) == {Proceed}


def test_a_further_try_counts_and_is_without_doubt_unless_said() -> None:
    """The usual case needs no words."""
    again = Again(1.0, "500")
    assert (again.suspect, again.counted) == (False, True)
    assert not Hold(1.0, "401").suspect


def test_a_further_try_follows_a_failure_and_a_burial_an_answer_unless_said() -> None:
    """What the breaker weighs has its usual case as well."""
    assert Again(1.0, "500").failed
    assert not Bury("rejected", "400").failed
