"""One line a second about each thing, and none is left uncounted."""

from connectors.quiet import QUIET_S, Quiet


def test_a_line_stands_for_those_that_were_not_written() -> None:
    """Each thing by itself; the first is said at once."""
    moments = [0.0]
    quiet = Quiet(lambda: moments[0])
    assert [quiet.times("a") for _ in range(5)] == [1, 0, 0, 0, 0]
    assert quiet.times("b") == 1
    moments[0] = QUIET_S
    assert [quiet.times("a"), quiet.times("a")] == [5, 0]
