"""Verdicts are complete: an ending for everything but one more call."""

import typing

from worker.verdicts import Again, Ending, Hold, Proceed, Verdict


def test_only_one_more_call_is_no_ending() -> None:
    """Every other verdict ends the present look at a command."""
    assert set(typing.get_args(Verdict)) - set(typing.get_args(Ending)) == {Proceed}


def test_a_further_try_counts_and_is_without_doubt_unless_said() -> None:
    """The usual case needs no words."""
    again = Again(1.0, "500")
    assert (again.suspect, again.counted) == (False, True)
    assert not Hold(1.0, "401").suspect
