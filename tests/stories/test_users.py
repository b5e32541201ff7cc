"""The users of the shipped ACL file: each can do its work, and nothing that it does not need."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError
from typer.testing import CliRunner

from bridge.cli.program import app
from bridge.redis_server import RedisServer
from tests.bridge.test_moving import everything
from tests.ports import free_port
from tests.redis_servers import until
from tests.redis_users import admit, broker_url, denied, store_url
from tests.stories.conftest import Stack, create, staged, update, wait_until
from tests.stories.test_command_api import CLIENTS, KEY, Caller
from worker.letters import Unreadable
from worker.mailboxes import Filing, Taken
from worker.notes import Note
from worker.telemetry.gauges import stand
from worker.wiring import Bridge, utc_now

pytestmark = [pytest.mark.story, pytest.mark.timeout(240)]
DEPLOY = Path(__file__).parents[2] / "deploy"
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
#: What a person who may operate the bridge must not be able to do to its store.
BEYOND_OPS = (
    "FLUSHALL", "FLUSHDB", "KEYS *", "CONFIG SET appendonly no", "SHUTDOWN", "ACL LIST",
    "REPLICAOF NO ONE", "SAVE", "BGREWRITEAOF", "SCRIPT FLUSH", "MONITOR", "CLIENT KILL ID 1", "SCAN 0",
    "RENAME bridge:a bridge:b", "GET somebody:else", "LRANGE bridge-broker:bridge.commands 0 -1",
    "LPUSH bridge-broker:bridge.commands x",
)  # fmt: skip
#: What a backup must not be able to do beside that.
BEYOND_BACKUP = (
    "SET bridge:a x", "DEL bridge:a", "HSET bridge:a b c", "LPUSH bridge:a b", "ZADD bridge:a 1 b",
    "XADD bridge:a * b c", "PEXPIRE bridge:a 1", "GETDEL bridge:a",
    "SCRIPT LOAD return", "GET bridge-broker:a",
)  # fmt: skip


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack whose processes come as the users of the ACL file."""
    server = RedisServer(tmp_path / "redis")
    server.start()
    admit(server)
    with staged(tmp_path, server) as stack:
        yield stack


def become(stack: Stack, user: str) -> None:
    """What starts from now on comes as this user."""
    stack.environment |= {
        "BRIDGE_STORE_URL": store_url(stack.redis, user),
        "BRIDGE_BROKER_URL": broker_url(stack.redis, user),
    }


def test_each_user_can_do_its_work(stack: Stack) -> None:
    """From a sender's request to the API and an operator's look at it, and Redis refused nothing."""
    stack.config.write_text(stack.config.read_text() + CLIENTS)
    (stack.directory / "shop.key").write_text(KEY + "\n")
    (stack.directory / "shop-old.key").write_text("shop-old-0123456789\n")
    stack.environment |= {"BRIDGE_HTTP_PORT": str(port := free_port()), "BRIDGE_SMTP_PORT": "0"}
    become(stack, "intake")
    intake = stack.start("intake", "-m", "bridge", "intake")
    caller = Caller(port)
    wait_until(caller.is_up, reason="the intake")
    become(stack, "worker")
    worker, beat = stack.start_worker(), stack.start_beat()
    assert caller.create().status_code == 202
    wait_until(lambda: len(stack.effects()) == 1, reason="the create")

    become(stack, "ops")
    ask = _command_line(stack)
    assert "support" in ask("status")
    assert "created" in ask("show", "support", "order/10 42 ü?")
    ask("pause", "support", "--reason", "a test")
    stack.with_bridge(_operate)
    stack.submit([create("by-hand")])
    wait_until(stack.idle, reason="what an operator sent")
    assert [stack.end(each) for each in (intake, worker, beat)] == [0, 0, 0]
    assert denied(stack.redis) == []


def test_the_intake_user_can_read_mailboxes(stack: Stack) -> None:
    """Every verb of threads, notes, letters and mailboxes, and no other of the drains' verbs."""
    become(stack, "intake")
    stack.with_bridge(_read_mail)
    stack.submit([create("c-1"), update("c-1", 1)])
    assert denied(stack.redis) == []
    with redis.Redis.from_url(store_url(stack.redis, "intake")) as client:
        for command in ("FLUSHALL", "SCAN 0", "LPOP bridge:lane", "XRANGE bridge:outbox - +"):
            with pytest.raises(NoPermissionError):
                client.execute_command(*command.split())


def test_an_operator_can_work_on_letters_and_do_no_harm(stack: Stack) -> None:
    """A letter is discarded; what would empty, stop, spy on or rewrite the store is refused."""
    become(stack, "intake")
    letter = Unreadable(id="u-1", service="support", channel="mail", reason="?", arrived_at=NOW, body=b"")
    stack.with_bridge(lambda bridge: bridge.store.keep(letter))
    become(stack, "ops")
    ask = _command_line(stack)
    assert "u-1" in ask("dead", "list", "support", "--each")
    ask("dead", "discard", "support", "u-1", "--reason", "a test")
    stack.submit([create("c-1")])
    ask("privacy", "export", "--address", "jane@example.org")
    ask("privacy", "erase", "--service", "support", "--external-id", "c-1", "--yes", "--force")
    assert denied(stack.redis) == []
    with redis.Redis.from_url(store_url(stack.redis, "ops")) as client:
        for command in BEYOND_OPS:
            with pytest.raises(NoPermissionError):
                client.execute_command(*command.split())


def test_a_backup_is_read_and_nothing_else(stack: Stack, tmp_path: Path) -> None:
    """The export is whole and Redis refused nothing; nothing can be written, not even by a script."""
    become(stack, "intake")
    letter = Unreadable(id="u-1", service="support", channel="mail", reason="?", arrived_at=NOW, body=b"\xff")
    stack.with_bridge(lambda bridge: bridge.store.keep(letter))
    stack.with_bridge(_read_mail)
    stack.submit([create("c-1"), update("c-1", 1)])
    become(stack, "backup")
    stack.environment["BRIDGE_BROKER_URL"] = "memory://"
    _command_line(stack)("export", str(tmp_path / "store.jsonl"))
    assert denied(stack.redis) == []
    with redis.Redis.from_url(store_url(stack.redis, "backup")) as client:
        for command in (*BEYOND_OPS, *BEYOND_BACKUP):
            if command != "SCAN 0":
                with pytest.raises(NoPermissionError):
                    client.execute_command(*command.split())
        with pytest.raises(ResponseError, match="can't run this command"):
            client.eval("return redis.call('SET', KEYS[1], 'x')", 1, "bridge:a")
    _reads_back(stack, tmp_path)


def _reads_back(stack: Stack, directory: Path) -> None:
    """Import the export into an empty store with the same users, as a worker, and compare."""
    before = everything(stack.redis.url())
    with redis.Redis.from_url(stack.redis.url()) as client:
        client.flushall()
        client.acl_log_reset()
    become(stack, "worker")
    _command_line(stack)("import", str(directory / "store.jsonl"))
    assert denied(stack.redis) == []
    assert everything(stack.redis.url()) == before


def test_the_store_starts_with_its_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Compose starts it: each user by its own secret, nobody without one, and no secret in the file."""
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server is on PATH")
    secrets, users, port = tmp_path / "secrets", tmp_path / "users.acl", free_port()
    subprocess.run([DEPLOY / "make-secrets.sh", secrets], check=True)
    monkeypatch.setenv("SECRETS", str(secrets))
    monkeypatch.setenv("USERS", str(users))
    arguments = ("--port", str(port), "--dir", str(tmp_path), "--logfile", str(tmp_path / "log"))
    with subprocess.Popen([DEPLOY / "redis/start.sh", *arguments]) as server:
        try:
            for user in ("intake", "worker", "ops", "backup"):
                url = (secrets / f"store_{user}").read_text().replace("redis:6379", f"127.0.0.1:{port}")
                with redis.Redis.from_url(url) as client:
                    assert until(client.ping, f"the store, for {user}")
                    policy = client.config_get("append*", "maxmemory-policy")
            assert (policy["appendonly"], policy["appendfsync"]) == ("yes", "always")
            assert policy["maxmemory-policy"] == "noeviction"
            with redis.Redis(port=port) as nobody, pytest.raises(AuthenticationError):
                nobody.ping()
            for user in ("intake", "worker", "ops", "backup"):
                assert (secrets / f"redis_{user}").read_text() not in users.read_text()
            assert users.stat().st_mode & 0o777 == 0o600
        finally:
            server.terminate()


def _command_line(stack: Stack) -> Callable[..., str]:
    def ask(*words: str) -> str:
        done = CliRunner().invoke(app, words, env={**stack.environment, "COLUMNS": "200", "NO_COLOR": "1"})
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, (words, done.output)
        return done.output

    return ask


async def _operate(bridge: Bridge) -> None:
    store = bridge.store
    await store.resume("support")
    await store.hasten("support", now=NOW)
    await store.hold("support", until=NOW, reason="a test")
    await store.pause_sweeps("support", reason="a test")
    await store.resume_sweeps("support")
    await store.sweeps("support", limit=5)
    await store.open_count("support")
    await store.spend("support", sweep="s", count=1, cap=5, now=NOW)
    await store.pause_channel("mail", reason="a test")
    await store.resume_channel("mail")
    await store.interactions("support", limit=5)
    await store.seen("support", "c-1", "key")
    await store.mails_taken("mail", ["d" * 32])
    await store.troubles()
    await stand(store, bridge.partitions, ("support",), utc_now)


async def _read_mail(bridge: Bridge) -> None:
    store, day = bridge.store, timedelta(days=1)
    await store.bind("support", "mail", ["a", "b"], mark="m", default="c-1", window=day, now=NOW)
    await store.recur("support", "mail", "a", "1", window=day, now=NOW)
    await store.note(Note(id="n", service="support", channel="mail", sort="s", reason="r", arrived_at=NOW))
    await store.tally("support", "mail:refused")
    await store.paused_channels()
    hold = await store.take_mailbox("mail", token="t", lease=day, now=NOW)
    assert hold is not None
    await store.renew_mailbox(hold, lease=day, now=NOW)
    await store.renumber_mailbox(hold, 7)
    await store.try_mail(hold, 1, token="u", now=NOW)
    taken = Taken("d" * 32, 1, next(iter(Filing)), "accepted", NOW)
    await store.advance_mailbox(hold, 1, taken, lease=day, memory=day, now=NOW)
    await store.mails_filed(hold, [1])
    await store.mailbox_progress("mail")
    assert await store.mails_taken_since("mail", NOW - day)
    await store.release_mailbox(hold, now=NOW)
