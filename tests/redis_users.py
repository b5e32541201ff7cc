"""The users of the shipped ACL file, on a Redis of a test."""

from pathlib import Path
from urllib.parse import quote

import redis

from bridge.redis_server import RedisServer

FILE = Path(__file__).parents[1] / "deploy/redis/users.acl.in"
PASSWORD = "sesame"


def rules() -> dict[str, list[str]]:
    """Return what the file says of each user."""
    lines = (line.split() for line in FILE.read_text().splitlines())
    return {name: said for _, name, *said in lines}


def admit(server: RedisServer) -> None:
    """Let the users in; the default user stays, for the tests themselves."""
    with redis.Redis.from_url(server.url()) as client:
        for name, said in rules().items():
            if name != "default":
                granted = [each for each in said if not each.startswith("#")]
                client.execute_command("ACL", "SETUSER", name, "reset", f">{PASSWORD}", *granted)
        client.execute_command("ACL", "LOG", "RESET")


def store_url(server: RedisServer, user: str) -> str:
    """Return the store's URL for a user."""
    return f"unix://{user}@{server.socket}?db=0&password={PASSWORD}"


def broker_url(server: RedisServer, user: str) -> str:
    """Return the broker's URL for a user."""
    return f"redis+socket://{user}:{PASSWORD}@{quote(str(server.socket))}?virtual_host=1"


def denied(server: RedisServer) -> list[str]:
    """Return what was refused to whom."""
    with redis.Redis.from_url(server.url(), decode_responses=True) as client:
        return [f"{each['username']}: {each['object']} ({each['context']})" for each in client.acl_log()]
