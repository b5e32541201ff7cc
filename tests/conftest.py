"""Fixtures for every test: a real Redis of our own, started once and emptied for each test.

And how hypothesis looks for examples: the same ones every time, however slow the machine is.
"""

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import structlog
from hypothesis import settings

from bridge.redis_server import NoRedisServer, RedisServer

settings.register_profile("suite", derandomize=True, deadline=None, print_blob=False)
settings.load_profile("suite")


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
