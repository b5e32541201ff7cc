"""The crew keeps its hands calling while the store takes its time."""

from bench.experiments.waiting import rate


def test_an_exchange_of_four_milliseconds_costs_next_to_nothing() -> None:
    """In virtual time: 16 hands and calls of 50 ms come to more than nine tenths of 320 calls a second."""
    assert rate(16, 0.004, waves=20) > 0.9 * 320


def test_a_crew_never_calls_faster_than_its_hands_allow() -> None:
    """However quick the store is, the ideal is the limit, but for the spread of the answers."""
    assert rate(16, 0.0001, waves=20) < 1.05 * 320
