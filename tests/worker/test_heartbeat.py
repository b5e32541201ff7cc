"""A heartbeat file is as fresh as the work that touches it."""

import asyncio
import os
from pathlib import Path

import pytest

from worker.errors import SettingsError
from worker.heartbeat import EVERY_S, Heartbeat


def age(path: Path) -> None:
    """Make a file old."""
    os.utime(path, (1, 1))


def test_a_beat_makes_the_file_fresh(tmp_path: Path) -> None:
    """There from the beginning, and as old as the last beat."""
    path = tmp_path / "heart"
    heart = Heartbeat(path)
    assert path.exists()
    age(path)
    heart.beat()
    assert path.stat().st_mtime > 1


def test_it_beats_for_as_long_as_its_loop_comes_round(tmp_path: Path) -> None:
    """Once each round, and the rounds are as long as said."""
    path = tmp_path / "heart"
    heart, rounds = Heartbeat(path), []

    async def sleep(seconds: float) -> None:
        rounds.append((seconds, path.stat().st_mtime > 1))
        age(path)
        if len(rounds) == 3:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(heart.keep(sleep))
    assert rounds == [(EVERY_S, True)] * 3


def test_a_file_that_cannot_be_written_is_named_at_the_start(tmp_path: Path) -> None:
    """Not in the middle of the night."""
    with pytest.raises(SettingsError, match=r"file .*nowhere/heart cannot be written: No such file"):
        Heartbeat(tmp_path / "nowhere" / "heart")


def test_a_directory_that_goes_away_stops_no_work(tmp_path: Path) -> None:
    """The file grows old, or is gone: the supervisor sees that."""
    place = tmp_path / "place"
    place.mkdir()
    heart = Heartbeat(place / "heart")
    (place / "heart").unlink()
    place.rmdir()
    heart.beat()
