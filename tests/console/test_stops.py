"""How a channel is stopped, in words."""

import pytest

from console.stops import Stops


@pytest.mark.parametrize(
    ("stops", "reason", "told"),
    [
        (Stops(), None, "it was not paused"),
        (Stops(paused="a flood"), "a flood", "it was paused because: a flood"),
        (Stops(held="a mapping"), "a mapping", "it was held because: a mapping"),
        (Stops("a flood", "x"), "a flood", "it was paused because: a flood; it was held because: x"),
    ],
)
def test_whoever_lifts_them_reads_all_that_stood_in_the_way(
    stops: Stops, reason: str | None, told: str
) -> None:
    """A pause and a hold are two things, and one reason is enough for a script."""
    assert (stops.reason, stops.told) == (reason, told)
