"""A RabbitMQ of our own: its own node, ports, directories and cookie, stopped by its pid."""

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.ports import free_port

#: All that the bridge declares.
QUEUES: Final = ("bridge.drain", "bridge.tick", "bridge.commands", "bridge.upkeep")
_PATIENCE_S = 90.0
_PLACES = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/usr/local/sbin/rabbitmq-server")


def find_rabbitmq() -> str:
    """Return the path of the server itself, not of a package's wrapper that changes the user."""
    for place in _PLACES:
        if Path(place).exists():
            return place
    if found := shutil.which("rabbitmq-server"):
        return found
    pytest.skip("no rabbitmq-server is installed")


@dataclass
class RabbitServer:
    """One node of RabbitMQ on loopback."""

    directory: Path
    binary: str = field(default_factory=find_rabbitmq)
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None
    #: Its certificate and key, where it takes TLS as well, on a port of its own.
    files: tuple[Path, Path] | None = None
    tls_port: int = field(default_factory=free_port)
    _names: int = field(default_factory=free_port)
    _mapper: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Its URL for the bridge."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\ndisk_free_limit.absolute = 10MB\n{self._tls}"
        )
        (self.directory / "enabled_plugins").write_text("[].\n")
        with (self.directory / "output").open("ab") as output:
            # the port mapper that Erlang starts where it finds none would outlive the node
            self._mapper = subprocess.Popen(
                [shutil.which("epmd") or "epmd", "-address", "127.0.0.1", "-port", str(self._names)],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            self.process = subprocess.Popen(
                [self.binary],
                env={**os.environ, **self._environment},
                cwd=self.directory,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + _PATIENCE_S
        while not self._takes_connections():
            if time.monotonic() > deadline or self.process.poll() is not None:
                pytest.fail(f"RabbitMQ did not start: see {self.directory}/output")
            time.sleep(0.1)

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """Stop the node and what it started, by the group that began with it."""
        if self.process is not None:
            os.killpg(self.process.pid, sign)
            self.process.wait()
            self.process = None
        if self._mapper is not None:
            self._mapper.kill()
            self._mapper.wait()
            self._mapper = None

    def has_kept(self, queue: str) -> bool:
        """Whether a quorum queue that was declared once outlives a kill from now on.

        RabbitMQ 3.10 writes the names of its queues down some moments after they were declared. Killed before
        that, it starts such a queue anew, and that one never elects a leader.
        """
        names = self.directory.glob("mnesia/*/quorum/*/names.dets")
        return any(queue.encode() in each.read_bytes() for each in names)

    @property
    def _tls(self) -> str:
        if self.files is None:
            return ""
        certificate, key = self.files
        return (
            f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}\nlisteners.ssl.2 = 127.0.0.2:{self.tls_port}\n"
            f"ssl_options.cacertfile = {certificate}\n"
            f"ssl_options.certfile = {certificate}\nssl_options.keyfile = {key}\n"
            "ssl_options.verify = verify_none\nssl_options.fail_if_no_peer_cert = false\n"
        )

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.directory),  # the cookie
            "RABBITMQ_NODENAME": f"bridge{self.port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(self.directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.directory / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.directory / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.directory / "enabled_plugins"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2",
            # no port mapper of the machine's is asked
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._names),
        }

    def _takes_connections(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return bool(connection.recv(8))
        except OSError:
            return False
