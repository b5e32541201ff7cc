"""The systemd units are hardened, stop gracefully and run what there is."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from bridge.cli.program import app

UNITS = Path(__file__).parents[2] / "deploy/systemd"
SERVICES = sorted(UNITS.glob("*.service"))


class Unit(configparser.RawConfigParser):
    """A unit file; of settings that stand there several times, the last."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, delimiters=("=",), interpolation=None)
        self.read(path)

    def optionxform(self, optionstr: str) -> str:
        """Keep the case."""
        return optionstr


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_exposure_is_low(path: Path) -> None:
    """As systemd itself reckons it: at most 3.0."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze is installed")
    command = ("systemd-analyze", "security", "--offline=true", "--threshold=30", "--no-pager", path)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposure, done.stdout
    assert float(exposure[1]) <= 3.0


def test_systemd_understands_them(tmp_path: Path) -> None:
    """No unknown section or setting; that the program is not installed here does not matter."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze is installed")
    for path in UNITS.glob("*.*"):
        shutil.copy(path, tmp_path)
    units = [tmp_path / path.name.replace("@", "@1") for path in SERVICES]
    for unit in units:
        if not unit.exists():
            shutil.copy(unit.with_name(unit.name.replace("@1", "@")), unit)
    command = ("systemd-analyze", "verify", "--recursive-errors=no", *units)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    said = [line for line in done.stderr.splitlines() if "openmedia-bridge" in line]
    assert [line for line in said if "is not executable" not in line] == []


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_each_runs_a_command_that_exists(path: Path) -> None:
    """By the bridge's own command line, and it comes back whatever happens."""
    unit = Unit(path)["Service"]
    program_path, command = unit["ExecStart"].split()
    assert program_path == "/opt/openmedia-bridge/bin/bridge"
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert command in set(commands)
    assert unit["Restart"] == "always"


def test_a_worker_may_finish_its_drain() -> None:
    """Killed later than a slice and two of the longest calls after it was asked to stop: 20 + 2 * 20 s."""
    assert int(Unit(UNITS / "openmedia-bridge-worker@.service")["Service"]["TimeoutStopSec"]) > 60


def test_its_directories_belong_to_its_user() -> None:
    """The user that the units name is the one that sysusers and tmpfiles make."""
    users = {Unit(path)["Service"]["User"] for path in SERVICES}
    assert users == {"openmedia-bridge"}
    assert "u openmedia-bridge " in (UNITS / "sysusers.conf").read_text()
    assert "/var/lib/openmedia-bridge     0750 openmedia-bridge" in (UNITS / "tmpfiles.conf").read_text()
