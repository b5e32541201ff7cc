"""A bucket lets through what its rate and its burst allow, and says when there is more."""

from connectors.hosts.bucket import Bucket


class Watch:
    """A clock that is set by hand, in seconds."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.at


def test_a_burst_goes_through_then_the_rate_rules() -> None:
    """Three at once, then one each half second."""
    watch = Watch()
    bucket = Bucket(2.0, 3.0, watch)
    assert [bucket.take() for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    watch.at += 0.25
    assert bucket.take() == 0.25
    watch.at += 0.25
    assert bucket.take() == 0.0
    assert bucket.take() == 0.5


def test_what_was_not_used_is_saved_up_to_the_burst() -> None:
    """An hour of silence gives no more than the burst."""
    watch = Watch()
    bucket = Bucket(2.0, 3.0, watch)
    for _ in range(3):
        bucket.take()
    watch.at += 3600
    assert [bucket.take() for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
