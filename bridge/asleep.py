"""A bridge that sleeps: where none runs on a data directory, its private Redis is woken for one command."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from bridge.home import Home
from bridge.lock import DataLock
from bridge.redis_server import RedisServer
from worker import configuration


@contextlib.contextmanager
def store_of(data: Path) -> Iterator[None]:
    """Let the store be there that is meant: a stated one, a running bridge's, or else the directory's own.

    For entry points only. Raises SettingsError, AnotherBridge or NoRedisServer.
    """
    configuration.find_running()
    if configuration.load().store.url:
        yield
        return
    home = Home.at(data)
    if configuration.config_path() is None:
        os.environ["BRIDGE_CONFIG"] = str(home.default_settings())
    lock, server = DataLock(home.lock), RedisServer(home.redis)
    lock.take()
    try:
        server.start()
        os.environ["BRIDGE_STORE_URL"] = server.url()
        try:
            yield
        finally:
            server.stop()
    finally:
        lock.release()
