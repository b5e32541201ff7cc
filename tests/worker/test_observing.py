"""What listens in a process is what the settings want, and nothing else."""

import contextlib
import sys
import urllib.request
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.otlp_receiver import receiving
from worker.errors import SecretMissing, SettingsError
from worker.events import CommandAccepted
from worker.observing import Observer, told
from worker.secrets import Secrets
from worker.settings import Settings
from worker.telemetry.health import Health
from worker.telemetry.logs import LogListener

WELL = Health(str, str)
ACCEPTED = CommandAccepted("support", "mail", "c-1", "create", 1, "r1", "ab" * 16)


def settings(redis_url: str = "", **tables: object) -> Settings:
    """Return settings with one service and these tables."""
    service = {"base_url": "http://127.0.0.1:9", "api_key": "env:KEY"}
    return Settings.model_validate({"store": {"url": redis_url}, "services": {"support": service}, **tables})


def test_where_nothing_is_set_there_are_only_logs() -> None:
    """A delivery pays for nothing else."""
    with contextlib.closing(Observer(settings(), Secrets(Path()), "worker")) as observer:
        assert isinstance(observer.listen, LogListener)
        assert observer.registry is None
        observer.serve(WELL)


def test_a_port_brings_metrics(redis_url: str) -> None:
    """Of what is reported, of the process and of the store, by one endpoint for each kind of process."""
    wanted = settings(redis_url, metrics={"worker_port": 0})
    assert Observer(wanted, Secrets(Path()), "intake").registry is None
    with contextlib.closing(Observer(wanted, Secrets(Path()), "worker")) as observer:
        with capture_logs() as lines:
            observer.serve(WELL)
        (line,) = lines
        observer.listen(ACCEPTED)
        url = f"http://127.0.0.1:{line['port']}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            text = answer.read().decode()
    assert line["event"] == "metrics_served"
    assert 'commands_accepted_total{channel="mail",kind="create",service="support"} 1.0' in text
    assert "openmedia_bridge_store_up 1.0" in text
    assert "process_cpu_seconds_total" in text
    assert "_created" not in text


def test_a_port_that_is_taken_is_a_setting_to_mend(redis_url: str) -> None:
    """Two workers on one machine with one port between them."""
    first = Observer(settings(redis_url, metrics={"worker_port": 0}), Secrets(Path()), "worker")
    with contextlib.closing(first), capture_logs() as lines:
        first.serve(WELL)
        taken = settings(redis_url, metrics={"worker_port": lines[0]["port"]})
        second = Observer(taken, Secrets(Path()), "worker")
        with contextlib.closing(second), pytest.raises(SettingsError, match="a port of its own"):
            second.serve(WELL)


def test_a_receiver_brings_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the secret that it asks for; what waits is sent at the end."""
    with receiving() as receiver:
        traces = {"url": receiver.url, "headers": {"x-token": "env:TOKEN"}}
        with pytest.raises(SecretMissing):
            Observer(settings(traces=traces), Secrets(Path()), "worker")
        monkeypatch.setenv("TOKEN", "t-1")
        observer = Observer(settings(traces=traces), Secrets(Path()), "worker")
        observer.listen(ACCEPTED)
        observer.close()
        assert [span.name for span in receiver.trace("ab" * 16)] == ["append"]
        assert receiver.headers[0]["x-token"] == "t-1"


def test_traces_without_their_library_are_a_setting_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra, because most do without."""
    monkeypatch.setitem(sys.modules, "worker.telemetry.traces", None)
    monkeypatch.delattr("worker.telemetry.traces", raising=False)
    with pytest.raises(SettingsError, match=r"traces\.url is set, .*install openmedia-bridge\[traces\]"):
        Observer(settings(traces={"url": "http://127.0.0.1:9/v1/traces"}), Secrets(Path()), "worker")


def test_all_who_listen_are_told() -> None:
    """In order."""
    heard: list[object] = []
    told([heard.append, heard.append])(ACCEPTED)
    assert heard == [ACCEPTED, ACCEPTED]
