"""A delivery seen from outside: its trace from the door to the API, its log lines, and a real Prometheus."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deploy.test_dashboards import DASHBOARD, used
from tests.otlp_receiver import Receiver, receiving
from tests.ports import free_port
from tests.prometheus_tools import tool
from tests.stories.conftest import Stack, wait_until

pytestmark = pytest.mark.story

TRACE = "0af7651916cd43dd8448eb211c80319c"
OTHER = "1bf7651916cd43dd8448eb211c80319c"
SENDER = "b7ad6b7169203331"
KEY = "shop-key-0123456789"
SETTINGS = """
[http]
port = {http}
[metrics]
intake_port = {intake}
worker_port = {worker}
beat_port = {beat}
console_port = {console}
fresh_s = 0.2
[console]
port = 0
[clients.shop]
keys = ["env:SHOP_KEY"]
services = ["support"]
[channels.tickets]
connector = "webhook"
verify = "none"
service = "support"
[channels.tickets.options]
rules = [{{ do = "create" }}]
external_id = "body.id"
idempotency_key = "body.delivery"
user_data = {{ Subject = "body.subject" }}
"""
PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: openmedia-bridge
    static_configs: [{{targets: {targets}}}]
"""


@dataclass
class Scene:
    """An intake, a worker and a beat, where each tells how it is."""

    stack: Stack
    ports: dict[str, int]

    def url(self, process: str, path: str) -> str:
        """Return where a process is asked."""
        return f"http://127.0.0.1:{self.ports[process]}{path}"

    def is_ready(self, process: str) -> bool:
        """Ask a process whether it is ready."""
        try:
            return httpx.get(self.url(process, "/readyz"), timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def deliver(self, identifier: str, **headers: str) -> str:
        """Send a webhook; return what it was answered."""
        content = {"id": identifier, "delivery": f"d-{identifier}", "subject": "My parcel is late"}
        answer = httpx.post(self.url("http", "/channels/tickets"), json=content, headers=headers, timeout=30)
        return str(answer.json()["status"])

    def command(self, external_id: str, **headers: str) -> int:
        """Have a client of the command API open an interaction; return the status."""
        sent = {"authorization": f"Bearer {KEY}", "idempotency-key": '"k-1"', **headers}
        address = self.url("http", "/v1/services/support/interactions")
        return httpx.post(address, json={"external_id": external_id}, headers=sent, timeout=30).status_code

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Return the log lines of a process."""
        texts = [path.read_text() for path in self.stack.directory.glob(f"{name}-*.log")]
        return [json.loads(line) for text in texts for line in text.splitlines() if line.startswith("{")]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where spans go."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def scene(stack: Stack, receiver: Receiver) -> Scene:
    """A bridge that tells everything."""
    ports = {name: free_port() for name in ("http", "intake", "worker", "beat", "console")}
    stack.config.write_text(stack.config.read_text() + SETTINGS.format(**ports))
    stack.environment |= {
        "BRIDGE_TRACES_URL": receiver.url,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "SHOP_KEY": KEY,
    }
    stack.start("intake", "-m", "bridge", "intake", "--doors", "http")
    stack.start("worker", "-m", "bridge", "worker", "--heartbeat-file", str(stack.directory / "worker.heart"))
    stack.start("beat", "-m", "bridge", "beat", "--heartbeat-file", str(stack.directory / "beat.heart"))
    scene = Scene(stack, ports)
    for process in ("http", "intake", "worker", "beat"):
        wait_until(lambda process=process: scene.is_ready(process), reason=process)  # type: ignore[misc]
    return scene


def test_a_delivery_is_one_trace_from_the_door_to_the_answer(scene: Scene, receiver: Receiver) -> None:
    """Two processes, one trace, which the sender began, a client as well; lines about it have its id."""
    assert scene.deliver("t-1", traceparent=f"00-{TRACE}-{SENDER}-01") == "accepted"
    names = ["append", "call CreateInteraction", "claim", "delivery", "settle", "verify"]
    wait_until(lambda: sorted(span.name for span in receiver.trace(TRACE)) == names, reason="its spans")
    spans = {span.name: span for span in receiver.trace(TRACE)}
    above = {name: span.parent_span_id.hex() for name, span in spans.items()}
    assert above["delivery"] == SENDER
    assert above["verify"] == above["append"] == spans["delivery"].span_id.hex()
    assert {above[name] for name in ("claim", "call CreateInteraction", "settle")} == {
        spans["append"].span_id.hex()
    }
    for process, event in (("intake", "command_accepted"), ("worker", "command_applied")):
        (line,) = [line for line in scene.lines(process) if line["event"] == event]
        assert line["trace_id"] == TRACE
    assert scene.command("c-1", traceparent=f"00-{OTHER}-{SENDER}-01") == 202
    wait_until(lambda: sorted(span.name for span in receiver.trace(OTHER)) == names, reason="a command's")


def test_a_heartbeat_stays_fresh_while_a_process_works(scene: Scene) -> None:
    """The worker's by its loop, the beat's by what it sends; whoever looks sees it grow young again."""
    for name in ("worker.heart", "beat.heart"):
        heart = scene.stack.directory / name
        os.utime(heart, (1, 1))
        wait_until(lambda heart=heart: heart.stat().st_mtime > 1, reason=name)  # type: ignore[misc]


def test_a_real_prometheus_finds_all_that_the_dashboard_shows(scene: Scene, tmp_path: Path) -> None:
    """It scrapes every process, and each name that a panel or an alert uses is there."""
    program, port = tool("prometheus"), free_port()
    scene.stack.start("console", "-m", "bridge", "console")
    wait_until(lambda: scene.is_ready("console"), reason="the console")
    rules = DASHBOARD.parents[1] / "alerts" / "openmedia-bridge.yml"
    targets = json.dumps(
        [f"127.0.0.1:{scene.ports[name]}" for name in ("intake", "worker", "beat", "console")]
    )
    (tmp_path / "prometheus.yml").write_text(PROMETHEUS.format(rules=rules, targets=targets))
    scene.stack.start_program(
        "prometheus",
        program,
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    assert [scene.deliver("t-1"), scene.deliver("t-1")] == ["accepted", "duplicate"]
    assert httpx.get(scene.url("http", "/channels/nobody")).status_code == 404
    assert scene.command("c-1", authorization="Bearer nobody") == 401
    wanted = used(DASHBOARD.read_text()) | used(rules.read_text())

    def ask(path: str) -> Any:  # noqa: ANN401 - JSON of any shape
        try:
            return httpx.get(f"http://127.0.0.1:{port}/api/v1/{path}", timeout=5).json()["data"]
        except (httpx.TransportError, ValueError, KeyError):
            return []

    wait_until(lambda: wanted <= set(ask("label/__name__/values")), reason=f"{wanted}")
    # a target that is scraped for the first time comes later than the names that the others tell
    wait_until(lambda: ask("query?query=sum(up)")["result"][0]["value"][1] == "4", reason="all four")
    assert {rule["health"] for group in ask("rules")["groups"] for rule in group["rules"]} <= {
        "ok",
        "unknown",
    }
    assert ask("query?query=sum(openmedia_bridge_commands_repeated_total)")["result"][0]["value"][1] == "1"
