"""A process tells its metrics and its health to whoever asks by HTTP."""

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from worker.errors import SettingsError
from worker.telemetry.endpoint import Endpoint
from worker.telemetry.health import Health


class Asked:
    """An endpoint whose complaints a test sets."""

    def __init__(self) -> None:
        self.complaints = {"live": "", "ready": ""}
        registry = CollectorRegistry()
        Counter("told_total", "How often.", registry=registry).inc(3)
        health = Health(lambda: self.complaints["live"], lambda: self.complaints["ready"])
        self.endpoint = Endpoint("127.0.0.1", 0, registry, health)

    def get(self, path: str) -> tuple[int, str]:
        """Ask, and return the status and what was said."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.endpoint.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def told(self, path: str) -> tuple[int, Any]:
        """Ask for JSON."""
        status, text = self.get(path)
        return status, json.loads(text)


@pytest.fixture
def asked() -> Iterator[Asked]:
    """An endpoint that listens."""
    asked = Asked()
    yield asked
    asked.endpoint.close()


def test_metrics_are_told_as_prometheus_reads_them(asked: Asked) -> None:
    """The text format."""
    status, text = asked.get("/metrics")
    assert status == 200
    assert "# TYPE told_total counter\ntold_total 3.0\n" in text


def test_a_healthy_process_says_so(asked: Asked) -> None:
    """200, and one word."""
    assert asked.told("/livez") == (200, {"status": "live"})
    assert asked.told("/readyz") == (200, {"status": "ready"})


def test_a_process_says_what_it_lacks(asked: Asked) -> None:
    """503, and why."""
    asked.complaints.update(live="it hangs", ready="no store")
    assert asked.told("/livez") == (503, {"status": "not live", "reason": "it hangs"})
    assert asked.told("/readyz") == (503, {"status": "not ready", "reason": "no store"})


def test_nothing_else_is_told(asked: Asked) -> None:
    """Neither at another path nor after the end."""
    assert asked.told("/")[0] == 404
    asked.endpoint.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", asked.endpoint.port), timeout=5)
    asked.endpoint = Asked().endpoint  # the fixture closes this one


def test_a_port_that_is_taken_is_named(asked: Asked) -> None:
    """One sentence, and what to do."""
    with pytest.raises(SettingsError, match=rf"port {asked.endpoint.port}: .*a port of its own"):
        Endpoint("127.0.0.1", asked.endpoint.port, CollectorRegistry(), Health(str, str))
