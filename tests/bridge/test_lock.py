"""One bridge at a time."""

import os
from pathlib import Path

import pytest

from bridge.lock import AnotherBridge, DataLock
from worker.errors import SettingsError


def test_the_second_one_is_told_of_the_first(tmp_path: Path) -> None:
    """Who comes second learns the pid of the first and is refused at once."""
    first, second = DataLock(tmp_path / "lock"), DataLock(tmp_path / "lock")
    first.take()
    with pytest.raises(AnotherBridge, match=rf"another bridge \(pid {os.getpid()}\) runs on {tmp_path}"):
        second.take()
    first.release()
    second.take()
    second.release()


def test_what_a_dead_bridge_left_behind_is_waited_for(tmp_path: Path) -> None:
    """A lock held by nobody who is known is refused only after a while, with what to do."""
    left, new = DataLock(tmp_path / "lock"), DataLock(tmp_path / "lock")
    left.take()
    (tmp_path / "lock").write_text("4194305")  # beyond the highest pid there is
    with pytest.raises(AnotherBridge, match=r"an earlier bridge \(pid 4194305, gone\) left behind"):
        new.take(patience_s=0.05)
    left.release()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """The reason is the system's, in words."""
    (tmp_path / "lock").mkdir()
    with pytest.raises(SettingsError, match="lock cannot be written: Is a directory"):
        DataLock(tmp_path / "lock").take()
