"""The flag of a process on its way out."""

from worker.drain.desk import Stopping


def test_the_flag_is_raised_once_and_stays() -> None:
    """Down at first; raising it again changes nothing."""
    stopping = Stopping()
    assert not stopping
    for _ in range(2):
        stopping.raise_flag()
        assert stopping
