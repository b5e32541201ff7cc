"""A real server that speaks S3: SeaweedFS, on loopback."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from tests.ports import free_port
from worker.blobs.s3 import open_s3

ACCESS_KEY: Final = "bridge-test"
SECRET_KEY: Final = "bridge-test-secret"
# SeaweedFS' own names for the parts of one server; each part has a second port.
_PARTS: Final = ("master", "volume", "filer", "s3")
_PATIENCE_S: Final = 30.0


def weed() -> str | None:
    """Return where the server's program is, None where there is none."""
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed")


def bucket(endpoint: str, name: str) -> S3Store:
    """Return a bucket of the server; it is made by the first object in it."""
    return open_s3(name, endpoint=endpoint, access_key=ACCESS_KEY, secret_key=SECRET_KEY, timeout_s=10)


@contextmanager
def running(program: str, directory: Path) -> Iterator[str]:
    """Run a server with its data in a directory, and give the URL at which it answers."""
    users = {
        "identities": [
            {
                "name": "bridge",
                "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
                "actions": ["Admin"],
            }
        ]
    }
    (directory / "s3.json").write_text(json.dumps(users))
    ports = [free_port() for _ in range(2 * len(_PARTS))]
    server, endpoint = _start(program, directory, ports), f"http://127.0.0.1:{ports[6]}"
    try:
        if not _answers(endpoint, server):
            raise AssertionError("SeaweedFS does not answer")
        yield endpoint
    finally:
        _end(server)


def _start(program: str, directory: Path, ports: list[int]) -> "subprocess.Popen[bytes]":
    (directory / "data").mkdir()
    options = []
    for part, port, second in zip(_PARTS, ports[::2], ports[1::2], strict=True):
        options += [f"-{part}.port={port}", f"-{part}.port.grpc={second}"]
    command = [program, "server", "-s3", "-s3.iam=false"]
    command += [
        f"-s3.config={directory}/s3.json",
        f"-dir={directory}/data",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
    ]
    # catalogues of tables, which nobody asks for, have ports that only one server can have
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
    # every bucket has volumes of its own
    command += ["-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=100"]
    with (directory / "log").open("ab") as log:
        return subprocess.Popen([*command, *options], stdout=log, stderr=log, cwd=directory)


def _end(server: "subprocess.Popen[bytes]") -> None:
    # It has nothing to keep, and to end in good order takes it longer than all tests it serves.
    server.kill()
    server.wait()


def _answers(endpoint: str, server: "subprocess.Popen[bytes]") -> bool:
    probe = bucket(endpoint, "probe")
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{endpoint}/healthz").is_success and _takes(probe):
                return True
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    return False


def _takes(probe: S3Store) -> bool:
    """Say whether the server already stores what it is given: its parts find one another a little later."""
    try:
        obstore.put(probe, "probe", b"probe", use_multipart=False)
    except (BaseError, OSError):
        return False
    return True
