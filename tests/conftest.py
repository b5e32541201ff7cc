"""Fixtures for every test: a real Redis of our own, started once and emptied for each test."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from bridge.redis_server import NoRedisServer, RedisServer


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
