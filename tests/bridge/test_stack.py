"""Which programs make up a bridge."""

import json
import socket
from pathlib import Path

import pytest

from bridge.home import Home
from bridge.stack import Stack, Wishes
from worker.errors import SettingsError

_REAL = '[services.support]\nbase_url = "https://api.example.org/nexus/v3"\napi_key = "env:KEY"\n'


WORKERS = ("worker", "worker2")


def _stack(home: Home, config: Path | None = None) -> Stack:
    return Stack(
        Wishes(config=config, data=home.directory, http=0, smtp=0, console=0, sandbox=0, workers=2), home
    )


@pytest.mark.usefixtures("environment")
def test_without_settings_everything_is_brought_along(tmp_path: Path) -> None:
    """A private Redis, the sandbox, both workers, and an environment in which others join."""
    stack = _stack(Home.at(tmp_path / "data"))
    assert [program.name for program in stack.foundations(0)] == ["redis"]
    assert [program.name for program in stack.rest()] == ["intake", *WORKERS, "beat", "console", "sandbox"]
    url = json.loads(stack.environment["BRIDGE_SERVICES"])["support"]["base_url"]
    assert url == f"{stack.sandbox_url}/nexus/v3"
    assert stack.environment["BRIDGE_CONFIG"] == str(tmp_path / "data/bridge.toml")


def test_real_settings_never_get_a_sandbox(environment: dict[str, str], tmp_path: Path) -> None:
    """Nothing stands in for a service, a store or a broker that the settings name."""
    (tmp_path / "bridge.toml").write_text(_REAL)
    environment["BRIDGE_STORE_URL"] = "redis://store.example.org"
    environment["BRIDGE_BROKER_URL"] = "redis://broker.example.org"
    stack = _stack(Home.at(tmp_path / "data"))
    assert stack.foundations(0) == []
    assert [program.name for program in stack.rest()] == ["intake", *WORKERS, "beat", "console"]
    assert stack.sandbox_url is None
    assert set(stack.environment) == {
        "BRIDGE_BLOBS_URL",
        "BRIDGE_CONFIG",
        "BRIDGE_HTTP_PORT",
        "BRIDGE_SMTP_PORT",
        "BRIDGE_CONSOLE_PORT",
    }
    assert not (tmp_path / "data/bridge.toml").exists()


def test_a_console_is_brought_unless_the_settings_leave_it_out(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """One that strangers would reach stops everything before anything is started."""
    stack = _stack(Home.at(tmp_path / "data"))
    assert stack.console_url == f"http://127.0.0.1:{stack.ports['console']}"
    environment["BRIDGE_CONSOLE_ENABLED"] = "false"
    without = _stack(Home.at(tmp_path / "data"))
    assert without.console_url is None
    assert "console" not in [program.name for program in without.rest()]
    assert "BRIDGE_CONSOLE_PORT" not in without.environment
    environment |= {"BRIDGE_CONSOLE_ENABLED": "true", "BRIDGE_CONSOLE_HOST": "0.0.0.0"}  # noqa: S104 - refused
    with pytest.raises(SettingsError, match="nobody would have to log in"):
        _stack(Home.at(tmp_path / "data"))


def test_services_of_the_environment_stay(environment: dict[str, str], tmp_path: Path) -> None:
    """Only the sandbox's address is added to what the environment says of services."""
    environment["BRIDGE_SERVICES"] = json.dumps({"support": {"lane_cap": 7}})
    stack = _stack(Home.at(tmp_path / "data"))
    assert stack.settings.services["support"].lane_cap == 7
    said = json.loads(stack.environment["BRIDGE_SERVICES"])["support"]
    assert said == {"lane_cap": 7, "base_url": f"{stack.sandbox_url}/nexus/v3"}


@pytest.mark.usefixtures("environment")
def test_mail_has_an_address_only_where_its_port_is_opened(tmp_path: Path) -> None:
    """It is opened for a mail channel without a mailbox, or as the settings say."""
    stack = _stack(Home.at(tmp_path / "data"))
    assert stack.smtp == ("127.0.0.1", stack.ports["smtp"])
    config, shut = tmp_path / "data/bridge.toml", tmp_path / "shut.toml"
    shut.write_text(config.read_text() + "\n[smtp]\nenabled = false\n")
    assert _stack(Home.at(tmp_path / "data"), shut).smtp is None
    shut.write_text(_REAL)
    assert _stack(Home.at(tmp_path / "data"), shut).smtp is None
    shut.write_text(_REAL + "[smtp]\nenabled = true\n")
    assert _stack(Home.at(tmp_path / "data"), shut).smtp is not None


@pytest.mark.usefixtures("environment")
def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    """A misspelt --config is no reason to begin with other settings."""
    with pytest.raises(SettingsError, match=r"missing\.toml cannot be read: No such file"):
        _stack(Home.at(tmp_path / "data"), Path("missing.toml"))


@pytest.mark.usefixtures("environment")
def test_a_worker_may_take_as_long_as_its_last_calls(tmp_path: Path) -> None:
    """A drain's slice and the longest call fit into the time that a worker has to end."""
    stack = _stack(Home.at(tmp_path / "data"))
    worker = next(program for program in stack.rest() if program.name == "worker")
    assert worker.end_s > stack.settings.worker.slice_s + stack.settings.services["support"].call_timeout_s


def test_each_process_tells_its_metrics_on_a_port_of_its_own(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Where the settings have one; every worker gets a free one, or counts on from the first one's."""
    environment["BRIDGE_METRICS_WORKER_PORT"] = "0"
    environment["BRIDGE_METRICS_BEAT_PORT"] = "0"
    environment["BRIDGE_METRICS_CONSOLE_PORT"] = "0"
    stack = _stack(Home.at(tmp_path / "data"))
    assert set(stack.metrics) == {"worker", "worker2", "beat", "console"}
    ports = {program.name: program.environment for program in stack.rest()}
    assert stack.metrics["worker2"].endswith(f":{ports['worker2']['BRIDGE_METRICS_WORKER_PORT']}")
    assert ports["worker"]["BRIDGE_METRICS_WORKER_PORT"] != ports["worker2"]["BRIDGE_METRICS_WORKER_PORT"]
    assert stack.metrics["console"].endswith(f":{ports['console']['BRIDGE_METRICS_CONSOLE_PORT']}")
    assert "BRIDGE_METRICS_INTAKE_PORT" not in ports["intake"]


def test_a_port_for_metrics_that_is_taken_is_a_setting_to_mend(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """No option of the command line has it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment["BRIDGE_METRICS_BEAT_PORT"] = str(taken.getsockname()[1])
        with pytest.raises(SettingsError, match=r"another one with \[metrics\] of the settings"):
            _stack(Home.at(tmp_path / "data"))
