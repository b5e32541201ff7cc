"""What `bridge check` says of the machine."""

from pathlib import Path

import pytest

from bridge.machine import judge, room, stated
from worker.secrets import Secrets
from worker.settings import Settings

_GIB = 1024**3


@pytest.mark.parametrize(
    ("free", "grade"), [(100 * _GIB, "ok"), (2 * _GIB - 1, "warning"), (_GIB // 4 - 1, "problem")]
)
def test_little_room_is_said_in_time(free: int, grade: str) -> None:
    """A warning comes well before deliveries would be refused."""
    assert judge("the data directory", Path("/data"), free).grade == grade


def test_a_place_that_is_not_there_yet(tmp_path: Path) -> None:
    """It will be made on the disk of its parent, so that one is looked at."""
    (found,) = room([("the data directory", tmp_path / "a" / "b")])
    assert str(tmp_path) in found.text
    assert str(tmp_path / "a") not in found.text


@pytest.mark.usefixtures("environment")
def test_versions_and_every_place_are_told(tmp_path: Path) -> None:
    """Ours, Python's and those of what the bridge stands on; then one line for each place."""
    settings = Settings.model_validate({"blobs": {"url": "file:mails"}})
    versions, *disks = stated(settings, Secrets(tmp_path))
    assert versions.text.startswith("openmedia-bridge 0.1.0 on Python 3.")
    assert "celery 5." in versions.text
    assert [each.what for each in disks] == ["disk", "disk"]
