"""Over RabbitMQ as broker: quorum queues, confirmed rings, and a broker that is killed costs a moment."""

import hmac
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection

from bridge.redis_server import RedisServer
from tests.rabbitmq_server import QUEUES, RabbitServer
from tests.redis_servers import Node
from tests.stories.conftest import Stack, create, staged, update, wait_until
from tests.stories.test_death import creates_by_id, steps_by_id

pytestmark = [pytest.mark.story, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    """A RabbitMQ that runs, for all stories: it takes seconds to start."""
    server = RabbitServer(tmp_path_factory.mktemp("rabbit"))
    try:
        server.start()
        yield server
    finally:
        server.stop(signal.SIGKILL)


@pytest.fixture
def stack(tmp_path: Path, rabbit: RabbitServer) -> Iterator[Stack]:
    """A stack whose broker is RabbitMQ."""
    redis = RedisServer(tmp_path / "redis")
    redis.start()
    with staged(tmp_path, redis, broker=rabbit.url) as stack:
        yield stack


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Node]:
    """A Redis as the handbook wants one."""
    node = Node(tmp_path / "redis", (str(ROOT / "deploy/redis/redis.conf"),))
    yield node.start()
    node.end()


@pytest.fixture
def running(tmp_path: Path, rabbit: RabbitServer, own_redis: Node) -> Iterator[dict[str, Any]]:
    """The places of a bridge that was started as the handbook says, on a store and a broker of one's own."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl is installed")
    settings, typed = _handbook("With a store and a broker of your own")
    settings = settings.replace(":6379", f":{own_redis.port}").replace(":5672", f":{rabbit.port}")
    # another name than the one that is found by itself
    (tmp_path / "own.toml").write_text(settings)
    typed = typed.replace("CONFIG=bridge.toml", "CONFIG=own.toml")
    options = "--http 0 --smtp 0 --console 0 --sandbox 0 --json"
    make = f'make -f {ROOT}/Makefile -o {sys.prefix}/run VENV={sys.prefix} OPTIONS="{options}"'
    process = subprocess.Popen(
        ["/bin/sh", "-ec", typed.replace("make run", f"exec {make} run")],
        cwd=tmp_path,
        # the suite may itself be run by make, which tells its children so
        env={
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("BRIDGE_", "MAKE", "MFLAGS"))
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        places = json.loads(process.stdout.readline())
        try:
            yield places
        finally:
            for _ in range(2):  # twice is in a hurry: ending over RabbitMQ in good order takes seconds
                os.kill(places["pid"], signal.SIGINT)
    assert process.returncode == 0


def _handbook(section: str) -> tuple[str, str]:
    """Return the settings and the commands that a section of the handbook shows."""
    text = (ROOT / "docs/operations.md").read_text("utf-8").partition(f"### {section}\n")[2]
    settings, typed = re.findall(r"```(?:toml|sh)\n(.*?)```", text.partition("\n### ")[0], re.DOTALL)
    return settings, typed


def test_make_run_takes_a_store_and_a_broker_of_ones_own(
    running: dict[str, Any], rabbit: RabbitServer, tmp_path: Path
) -> None:
    """A webhook becomes an interaction over RabbitMQ and a Redis that is not the bridge's."""
    assert not {"BRIDGE_STORE_URL", "BRIDGE_BROKER_URL"} & running["environment"].keys()
    body = b'{"event": "opened", "id": "e-1", "ticket": 4711, "subject": "My parcel is late"}'
    secret = (tmp_path / "secrets/tickets.key").read_bytes().strip()
    headers = {
        "Content-Type": "application/json",
        "X-Signature-256": hmac.new(secret, body, "sha256").hexdigest(),
    }
    request = urllib.request.Request(f"{running['intake']}/channels/tickets", body, headers)  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the address is ours
        assert (answer.status, json.load(answer)["status"]) == (202, "accepted")
    (seen,) = wait_until(lambda: _interactions(running["sandbox"]), reason="the interaction")
    assert seen["userData"]["Subject"] == "My parcel is late"
    with Connection(rabbit.url) as connection:
        connection.channel().queue_declare("bridge.drain", passive=True)  # raises where there is none


def _interactions(sandbox: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{sandbox}/sandbox/interactions", timeout=10) as answer:  # noqa: S310 - ours
        found: list[dict[str, Any]] = json.load(answer)
    return found


def test_a_killed_rabbitmq_costs_no_command(stack: Stack, rabbit: RabbitServer) -> None:
    """Killed and restarted in mid-traffic: all arrives once and in order, over quorum queues."""
    worker = stack.start_worker()
    stack.start_beat()
    names = [f"c-{number}" for number in range(40)]
    stack.submit([create(name) for name in names])
    wait_until(lambda: len(creates_by_id(stack)) == 40, reason="the creates, rung over RabbitMQ")
    with Connection(rabbit.url) as connection:
        for queue in QUEUES:
            # a declaration with another type than the queue's would be refused
            connection.channel().queue_declare(
                queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
            )
    wait_until(lambda: all(map(rabbit.has_kept, QUEUES)), reason="RabbitMQ to write down its queues")

    stack.submit([update(name, 1) for name in names])
    rabbit.stop(signal.SIGKILL)
    stack.submit([update(name, 2) for name in names])
    rabbit.start()
    stack.submit([update(name, 3) for name in names])
    wait_until(stack.idle, reason="everything to be delivered after RabbitMQ came back")
    assert creates_by_id(stack) == Counter(names)
    assert steps_by_id(stack) == {name: [1, 2, 3] for name in names}
    assert stack.end(worker) == 0
    said = "".join(log.read_text() for log in stack.directory.glob("[wb]*.log"))
    unhelpful = ("Traceback", ", line ", "delayed delivery", "In Celery 5.1")
    assert [word for word in unhelpful if word in said] == []
