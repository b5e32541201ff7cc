"""Mailboxes on a real server: whatever dies, whatever is renumbered, each mail becomes one interaction."""

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from bridge.intake import connectors_of
from bridge.mail_doors import mail_doors
from connectors.hosts.evidence import FetchedEvidence
from connectors.hosts.fetch import Fetcher
from connectors.reception import never
from tests.imap_servers import PASSWORD, USER, ImapServer, dovecot, has_dovecot, pymap
from tests.stories.conftest import Stack, wait_until
from worker.lanes import Partition
from worker.store import seen, wire
from worker.store.keys import Keys
from worker.wiring import Bridge

pytestmark = pytest.mark.story

MAILS = 1000
KILLS = 8
SEED = 20261123
KEYS = Keys.of(Partition("support", 0))
FOLDER = "Support"

CHANNEL = """
[channels.mail]
connector = "email"
service = "support"
[channels.mail.options]
addresses = ["{user}"]
[channels.mail.mailbox]
host = "127.0.0.1"
port = {port}
tls = "none"
user = "{user}"
password = "env:MAILBOX_PASSWORD"
folder = "{folder}"
poll_s = {poll_s}
lease_s = 2.0
"""


@pytest.fixture
def server() -> Iterator[ImapServer]:
    """Dovecot where it is installed, else pymap."""
    with dovecot() if has_dovecot() else pymap() as server:
        with server.client() as client:
            client.create_folder(FOLDER)
        yield server


def mail(name: str) -> bytes:
    """Return a mail of its own sender and its own thread."""
    return (
        f"From: {name}@example.org\r\nTo: {USER}\r\nMessage-ID: <{name}@example.org>\r\n"
        f"Subject: {name}\r\n\r\nA mail.\r\n"
    ).encode()


def configure(stack: Stack, server: ImapServer, poll_s: float = 1.0) -> None:
    """Give the stack a channel that reads the folder."""
    channel = CHANNEL.format(user=USER, port=server.port, folder=FOLDER, poll_s=poll_s)
    stack.config.write_text(stack.config.read_text() + channel)
    stack.environment["MAILBOX_PASSWORD"] = PASSWORD


def accepted(stack: Stack) -> Counter[str]:
    """Count the waiting commands of each conversation."""
    with redis.Redis.from_url(stack.redis.url()) as client:
        lanes = sorted(client.scan_iter("bridge:{support/0}:lane:*", count=1000))
        pipeline = client.pipeline()
        for lane in lanes:
            pipeline.llen(lane)
        return Counter(
            {lane.decode(): length for lane, length in zip(lanes, pipeline.execute(), strict=True)}
        )


def seen_to(stack: Stack) -> int:
    """Count the mails that the mailbox remembers."""
    with redis.Redis.from_url(stack.redis.url()) as client:
        return int(client.zcard("bridge:{mailbox/mail}:log"))


def test_a_thousand_mails_and_a_poller_that_keeps_dying(stack: Stack, server: ImapServer) -> None:
    """SIGKILL at random points, and all mails renumbered once: server count = intake count, no doubles."""
    configure(stack, server)
    dice = random.Random(SEED)  # noqa: S311 - a seeded one is the point
    names = [f"mail-{number}" for number in range(MAILS)]
    server.put(*map(mail, names[: MAILS // 2]), folder=FOLDER)
    ready = [stack.directory / f"ready-{number}" for number in range(2)]
    start = ("-m", "bridge", "intake", "--doors", "imap", "--ready-file")
    pollers = [stack.start("poller", *start, str(file)) for file in ready]
    at = sorted(dice.sample(range(10, MAILS - 50), KILLS))
    late = False
    for number, threshold in enumerate(at):
        if not late and threshold > MAILS // 3:
            server.renumber(FOLDER)
            server.put(*map(mail, names[MAILS // 2 :]), folder=FOLDER)
            late = True
        wait_until(lambda threshold=threshold: seen_to(stack) >= threshold, reason=f"mail {threshold}")  # type: ignore[misc]
        time.sleep(dice.random() * 0.05)
        victim = dice.randrange(2) if number else 0
        stack.end(pollers[victim], signal.SIGKILL)
        ready[victim].unlink(missing_ok=True)
        pollers[victim] = stack.start("poller", *start, str(ready[victim]))
    wait_until(lambda: seen_to(stack) >= MAILS, reason="all mails to be taken")
    wait_until(
        lambda: all(b"\\Seen" in flags for flags in server.flags(FOLDER).values()),
        reason="all mails to be marked",
    )
    assert late
    assert len(server.flags(FOLDER)) == MAILS
    assert set(accepted(stack).values()) == {1}
    assert len(accepted(stack)) == MAILS
    # whoever is still starting has no door to close, and dies of the signal
    wait_until(lambda: all(file.exists() for file in ready), reason="both pollers to be up")
    for poller in pollers:
        assert stack.end(poller) == 0


def test_an_outage_of_three_days_is_made_up_for(stack: Stack, server: ImapServer) -> None:
    """Nobody reads for three days while mail arrives; the first pass after that takes all of it."""
    configure(stack, server, poll_s=0.2)
    began = datetime.now(UTC)
    present = [began]

    async def read_until(bridge: Bridge, count: int) -> None:
        fetcher = Fetcher()
        channels = connectors_of(bridge.settings, bridge.secrets, FetchedEvidence(fetcher))
        async with contextlib.aclosing(fetcher), mail_doors(bridge, channels, never, frozenset({"imap"})):
            async with asyncio.timeout(30):
                while len(await bridge.store.mails_taken_since("mail", began)) < count:  # noqa: ASYNC110 - a thread's work
                    await asyncio.sleep(0.05)

    def read(count: int) -> None:
        async def work(bridge: Bridge) -> None:
            bridge.clock = lambda: present[0]
            await read_until(bridge, count)

        stack.with_bridge(work)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAILBOX_PASSWORD", PASSWORD)
        patch.setenv("STORY_KEY", "k")
        server.put(mail("before"), folder=FOLDER)
        read(1)
        with server.client() as client:
            for number in range(72):
                client.append(FOLDER, mail(f"hour-{number}"), msg_time=began + timedelta(hours=number))
        present[0] = began + timedelta(days=3)
        read(73)
        read(73)
    assert seen_to(stack) == 73
    assert Counter(accepted(stack).values()) == {1: 73}


def audited(stack: Stack, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the audit as a person would, and return its exit code and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "mail", "audit", "mail", "--json", *arguments],
        env={**os.environ, **stack.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, said


def test_the_audit_names_what_is_missing(stack: Stack, server: ImapServer) -> None:
    """All accounted for is 0; a mail that nobody saw to, or that the store lost, is named and is 1."""
    configure(stack, server)
    stack.config.write_text(stack.config.read_text() + 'done_folder = "Done"\nignored_folder = "Ignored"\n')
    robot = mail("robot").replace(b"To:", b"Auto-Submitted: auto-replied\r\nTo:")
    loop = mail("loop").replace(b"To:", f"X-Loop: {USER}\r\nTo:".encode())
    server.put(mail("one"), mail("two"), mail("three"), robot, loop, folder=FOLDER)
    poller = stack.start("poller", "-m", "bridge", "intake", "--doors", "imap")
    wait_until(lambda: len(server.flags(FOLDER)) == 1, reason="all mails to be filed")
    assert stack.end(poller) == 0
    code, said = audited(stack)
    assert (code, said["complete"], said["differences"]) == (0, True, [])
    assert said["counts"]["accounted"] == 5

    server.put(mail("fresh"), folder=FOLDER)
    server.put(mail("smuggled"), folder="Done")
    with redis.Redis.from_url(stack.redis.url()) as client:
        lanes = [client.lindex(name, 0) for name in client.scan_iter(KEYS.lane("*"))]
        waiting = [wire.queued(item).command for item in lanes]
        (lost,) = (each for each in waiting if each and each.idempotency_key.startswith("mail:two@"))
        told = KEYS.told(seen.bucket(lost.idempotency_key))
        assert client.hdel(told, seen.digest(lost.idempotency_key)) == 1
        client.delete(KEYS.keys(lost.external_id))
    with server.client() as client:
        client.select_folder("Done")
        client.delete_messages(client.search(["SUBJECT", "three"]))
        client.expunge()
    code, said = audited(stack)
    assert code == 1
    assert {(each["finding"], each["messageId"]) for each in said["differences"]} == {
        ("waiting", "<fresh@example.org>"),
        ("missing", "<smuggled@example.org>"),
        ("missing", "<two@example.org>"),
        ("gone", ""),
    }
    assert said["counts"]["accounted"] == 3
    code, said = audited(stack, "--until", "1d", "--since", "2d")
    assert (code, said["counts"]["accounted"]) == (0, 0)
