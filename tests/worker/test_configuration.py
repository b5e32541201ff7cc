"""Settings come from a file and the environment, and what is wrong with them is said by path."""

import json
import os
from collections.abc import Callable
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


def places(environment: dict[str, str]) -> None:
    """Write what a running bridge writes into its data directory."""
    directory = Path("bridge-data")
    directory.mkdir()
    (directory / configuration.PLACES).write_text(json.dumps({"environment": environment}), encoding="utf-8")


def test_a_running_bridge_is_found(environment: Change) -> None:
    """Its data directory completes the environment, but overrides nothing that is said."""
    environment(BRIDGE_LOG_LEVEL="error")
    places({"BRIDGE_STORE_URL": "unix:///running", "BRIDGE_LOG_LEVEL": "debug"})
    configuration.find_running()
    settings = configuration.load()
    assert (settings.store.url, settings.log_level) == ("unix:///running", "error")


def test_a_running_bridge_elsewhere_is_found_by_its_data(environment: Change) -> None:
    """`BRIDGE_DATA` names the directory."""
    places({"BRIDGE_STORE_URL": "unix:///running"})
    Path("bridge-data").rename("other")
    environment(BRIDGE_DATA="other")
    configuration.find_running()
    assert os.environ["BRIDGE_STORE_URL"] == "unix:///running"


@pytest.mark.parametrize("how", ["file", "variable", "nothing"])
def test_a_running_bridge_is_not_sought_where_something_is_said(environment: Change, how: str) -> None:
    """Whoever has a configuration of their own is not moved to another bridge."""
    environment()
    if how != "nothing":
        places({"BRIDGE_STORE_URL": "unix:///running"})
    if how == "file":
        Path("bridge.toml").write_text("", encoding="utf-8")
    if how == "variable":
        environment(BRIDGE_CONFIG="own.toml")
    configuration.find_running()
    assert "BRIDGE_STORE_URL" not in os.environ


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"environment": 7}'])
def test_a_damaged_file_of_a_running_bridge_is_named(environment: Change, text: str) -> None:
    """The operator is told which file to remove."""
    environment()
    places({})
    Path("bridge-data", configuration.PLACES).write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"places\.json is not what a running bridge writes there"):
        configuration.find_running()
