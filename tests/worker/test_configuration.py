"""Settings come from a file and the environment, and what is wrong with them is said by path."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from worker import configuration
from worker.errors import SettingsError

Change = Callable[..., None]

FILE = """
log_level = "debug"
[store]
url = "redis://file"
timeout_s = 2
[services.support]
base_url = "https://api.example.com/nexus/v3"
api_key = "env:KEY"
[channels.mail]
connector = "mail"
service = "support"
"""


def test_without_a_file_the_environment_is_enough(environment: Change) -> None:
    """Every setting can be a variable, the nested ones with one underscore."""
    environment(
        BRIDGE_STORE_URL="redis://variable",
        BRIDGE_WORKER_IN_FLIGHT="7",
        BRIDGE_LOG_FORMAT="json",
        BRIDGE_SERVICES='{"support": {"base_url": "http://127.0.0.1:1", "api_key": "env:KEY"}}',
    )
    settings = configuration.load()
    assert configuration.config_path() is None
    assert (settings.store.url, settings.worker.in_flight) == ("redis://variable", 7)
    assert settings.log_format == "json"
    assert settings.services["support"].api_key == "env:KEY"


def test_a_file_here_is_found(environment: Change) -> None:
    """`bridge.toml` in the working directory needs no mention."""
    environment()
    Path("bridge.toml").write_text(FILE, encoding="utf-8")
    settings = configuration.load()
    assert (settings.store.url, settings.store.timeout_s) == ("redis://file", 2)
    assert settings.channels["mail"].service == "support"


def test_a_file_that_is_named_wins_over_one_here(environment: Change, tmp_path: Path) -> None:
    """`BRIDGE_CONFIG` says where."""
    named = tmp_path / "elsewhere.toml"
    named.write_text('log_level = "error"', encoding="utf-8")
    Path("bridge.toml").write_text(FILE, encoding="utf-8")
    environment(BRIDGE_CONFIG=str(named))
    assert configuration.config_path() == named
    assert configuration.load().log_level == "error"


def test_the_environment_wins_over_the_file(environment: Change) -> None:
    """One variable changes one setting and leaves its neighbours as the file says."""
    Path("bridge.toml").write_text(FILE, encoding="utf-8")
    environment(BRIDGE_STORE_URL="redis://variable")
    settings = configuration.load()
    assert (settings.store.url, settings.store.timeout_s) == ("redis://variable", 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[store", "is not TOML"),
        (b"\xff", "is not TOML"),
        (b"[store]\nulr = 'x'", r"store\.ulr: Extra inputs"),
        (b"[store]\ntimeout_s = 'soon'", r"store\.timeout_s: "),
        (b"[http]\nport = 99999\n[smtp]\nport = -1", r"http\.port: .*; smtp\.port: "),
        (
            b"[channels.mail]\nconnector = 'mail'\nservice = 'sales'",
            r"bridge\.toml: channels\.mail\.service is 'sales'",
        ),
    ],
)
def test_what_is_wrong_is_said_by_path(environment: Change, text: bytes, said: str) -> None:
    """Each wrong key and its reason, all at once."""
    environment()
    Path("bridge.toml").write_bytes(text)
    with pytest.raises(SettingsError, match=said):
        configuration.load()


def test_what_is_wrong_in_the_environment_is_said_to_be_there(environment: Change) -> None:
    """Where no file is involved, none is blamed."""
    environment(BRIDGE_LOG_LEVEL="loud")
    with pytest.raises(SettingsError, match="the environment: log_level: "):
        configuration.load()


def test_a_named_file_must_be_there(environment: Change) -> None:
    """A typo in the path does not start a bridge with defaults."""
    environment(BRIDGE_CONFIG="nowhere.toml")
    with pytest.raises(SettingsError, match=r"nowhere\.toml cannot be read: No such file"):
        configuration.load()


class Running:
    """What a running bridge leaves in its data directory: its places, and a lock for as long as it runs."""

    def __init__(self, environment: dict[str, str], directory: str = "bridge-data") -> None:
        self.places = Path(directory, configuration.PLACES)
        self.places.parent.mkdir()
        self.places.write_text(json.dumps({"environment": environment}), encoding="utf-8")
        self._lock = Path(directory, configuration.LOCK).open("wb")  # noqa: SIM115 - it stays locked while open
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def dies(self) -> None:
        """End without tidying up."""
        self._lock.close()


@pytest.fixture
def run() -> Iterator[Callable[..., Running]]:
    """Runs bridges."""
    started: list[Running] = []

    def begin(environment: dict[str, str], directory: str = "bridge-data") -> Running:
        started.append(Running(environment, directory))
        return started[-1]

    yield begin
    for running in started:
        running.dies()


Run = Callable[..., Running]
STORE = {"BRIDGE_STORE_URL": "unix:///running"}


def test_a_running_bridge_is_found(environment: Change, run: Run) -> None:
    """Its data directory completes the environment, but overrides nothing that is said."""
    environment(BRIDGE_LOG_LEVEL="error")
    run({**STORE, "BRIDGE_LOG_LEVEL": "debug"})
    configuration.find_running()
    settings = configuration.load()
    assert (settings.store.url, settings.log_level) == ("unix:///running", "error")


def test_a_running_bridge_elsewhere_is_found_by_its_data(environment: Change, run: Run) -> None:
    """`BRIDGE_DATA` names the directory."""
    environment(BRIDGE_DATA="other")
    run(STORE, "other")
    configuration.find_running()
    assert os.environ["BRIDGE_STORE_URL"] == "unix:///running"


@pytest.mark.parametrize("named", ["", "bridge.toml", "own.toml"])
def test_a_running_bridge_with_the_settings_meant_here_is_joined(
    environment: Change, run: Run, named: str
) -> None:
    """Whether the file is here or named, relatively or not: who means its settings means that bridge."""
    environment(**({"BRIDGE_CONFIG": named} if named else {}))
    path = Path(named or "bridge.toml").absolute()
    path.touch()
    run({**STORE, "BRIDGE_CONFIG": str(path)})
    configuration.find_running()
    assert os.environ["BRIDGE_STORE_URL"] == "unix:///running"


@pytest.mark.parametrize("how", ["file", "variable", "nothing"])
def test_a_running_bridge_with_other_settings_is_left_alone(environment: Change, run: Run, how: str) -> None:
    """Whoever has a configuration of their own is not moved to another bridge."""
    environment()
    if how != "nothing":
        run({**STORE, "BRIDGE_CONFIG": str(Path("bridge-data/bridge.toml").absolute())})
    if how == "file":
        Path("bridge.toml").write_text("", encoding="utf-8")
    if how == "variable":
        environment(BRIDGE_CONFIG="own.toml")
    configuration.find_running()
    assert "BRIDGE_STORE_URL" not in os.environ


@pytest.mark.parametrize("how", ["died", "lock gone"])
def test_what_a_power_cut_left_misleads_nobody(environment: Change, run: Run, how: str) -> None:
    """Places without anybody who holds the lock are not believed, not even damaged ones."""
    environment()
    left = run(STORE)
    left.dies()
    if how == "lock gone":
        Path("bridge-data", configuration.LOCK).unlink()
    configuration.find_running()
    left.places.write_text("half of i", encoding="utf-8")
    configuration.find_running()
    assert "BRIDGE_STORE_URL" not in os.environ


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"environment": 7}', '{"environment": {"BRIDGE_DATA": 7}}']
)
def test_a_damaged_file_of_a_running_bridge_is_named(environment: Change, run: Run, text: str) -> None:
    """The operator is told which file to remove."""
    environment()
    run({}).places.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"places\.json is not what a running bridge writes there"):
        configuration.find_running()


@pytest.mark.parametrize("name", [configuration.PLACES, configuration.LOCK])
def test_a_file_that_cannot_be_read_is_named(environment: Change, run: Run, name: str) -> None:
    """A directory in its place, as good as somebody else's file."""
    environment()
    run(STORE)
    path = Path("bridge-data", name)
    path.unlink()
    path.mkdir()
    with pytest.raises(SettingsError, match=rf"{name} cannot be read: Is a directory"):
        configuration.find_running()
