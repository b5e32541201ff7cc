"""The private Redis."""

from pathlib import Path

import pytest
import redis

from bridge.redis_server import NoRedisServer, RedisServer


def test_what_it_accepted_survives_a_power_cut(tmp_path: Path) -> None:
    """A value written before a kill is there after it."""
    first = RedisServer(tmp_path)
    first.start()
    with redis.Redis.from_url(first.url()) as client:
        client.set("a", "b")
    first.kill()
    second = RedisServer(tmp_path)
    second.start()
    with redis.Redis.from_url(second.url()) as client:
        assert client.get("a") == b"b"
    second.stop()


def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    """Where the socket's path would be too long it stands elsewhere, and is removed at the end."""
    server = RedisServer(tmp_path / ("long" * 30))
    server.start()
    socket = server.socket
    assert len(str(socket)) < 100
    server.stop()
    assert not socket.parent.exists()


def test_its_own_last_words_are_told(tmp_path: Path) -> None:
    """A server that does not start says why."""
    (tmp_path / "appendonlydir").write_text("not a directory")
    with pytest.raises(NoRedisServer, match=r"did not start: .*redis\.log"):
        RedisServer(tmp_path).start()
