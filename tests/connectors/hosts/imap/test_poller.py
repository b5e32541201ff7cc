"""Pollers: one reads, the others stand by; they come again after trouble, and end when they are told to."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import structlog

from connectors.hosts.imap.login import Login, by_password
from connectors.hosts.imap.poller import Poller, Pollers, again_after
from tests.connectors.hosts.imap.conftest import Place, letter
from tests.imap_servers import PASSWORD, USER, ImapServer, has_dovecot
from worker.errors import StoreUnavailable
from worker.wiring import utc_now

if TYPE_CHECKING:
    from tests.connectors.conftest import RecordingDoor

RIGHT = by_password(USER, lambda: PASSWORD)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> ImapServer:
    """One server is enough here: what differs between them is proved with the reader."""
    found: ImapServer = request.getfixturevalue("dovecot_server" if has_dovecot() else "pymap_server")
    return found


def poller(
    place: Place, login: Login = RIGHT, *, is_paused: Callable[[str], bool] = lambda _: False
) -> Poller:
    """Return a poller by the real clock, whose dice always fall low."""
    office = replace(place.office, clock=utc_now)
    context = ssl.create_default_context()
    return Poller(place.mailbox, office, login, context, dice=lambda: 0.0, is_paused=is_paused)


@contextlib.asynccontextmanager
async def running(*pollers: Poller) -> AsyncIterator[None]:
    """Let pollers run for as long as the context lasts."""
    started = Pollers(pollers)
    try:
        yield
    finally:
        await started.stop()


async def until(condition: Callable[[], bool]) -> float:
    """Wait for a condition and return how long that took."""
    began = time.monotonic()
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in a thread
            await asyncio.sleep(0.01)
    return time.monotonic() - began


def taken(door: "RecordingDoor", count: int) -> Callable[[], bool]:
    """Return whether so many mails were accepted."""
    return lambda: len(door.commands) == count


@pytest.mark.parametrize("idle", [True, False])
def test_new_mail_is_noticed(place: Place, idle: bool) -> None:  # noqa: FBT001 - a parameter
    """With IDLE at once although the folder is looked at but once a minute; without it by looking."""
    place.set(idle=idle, poll_s=60.0 if idle else 0.1)

    async def main() -> None:
        async with running(poller(place)):
            await asyncio.to_thread(place.put, letter("one"))
            await until(taken(place.door, 1))
            await asyncio.sleep(0.3)
            await asyncio.to_thread(place.put, letter("two"))
            assert await until(taken(place.door, 2)) < 10

    asyncio.run(main())


def test_one_reads_and_another_takes_over(place: Place) -> None:
    """Two pollers run, one connects; when it ends in good order, the other one reads on at once."""
    place.set(poll_s=0.1, lease_s=60.0)
    connected = []

    def login(number: int) -> Login:
        def note(client: object) -> None:
            connected.append(number)
            RIGHT(client)  # type: ignore[arg-type]  # passed through

        return note

    first, second = poller(place, login(1)), poller(place, login(2))

    async def main() -> None:
        async with running(first), running(second):
            await asyncio.to_thread(place.put, letter("one"))
            await until(taken(place.door, 1))
            assert len(connected) == 1
            (first if connected == [1] else second).stop()
            await asyncio.to_thread(place.put, letter("two"))
            await until(taken(place.door, 2))
            assert sorted(connected) == [1, 2]

    asyncio.run(main())


def test_a_store_that_was_away_costs_nothing(place: Place) -> None:
    """Mails wait on the server, and are read when the store is back; the log says both."""
    place.set(poll_s=0.1)
    place.put(letter("one"))
    place.door.fault = StoreUnavailable("away")

    async def main() -> None:
        async with running(poller(place)):
            await until(lambda: any(line["event"] == "mailbox_away" for line in logs))
            place.door.fault = None
            await until(taken(place.door, 1))
            await until(lambda: any(line["event"] == "mailbox_recovered" for line in logs))

    with structlog.testing.capture_logs() as logs:
        asyncio.run(main())
    assert "sesame" not in str(logs)


def test_a_refused_login_is_told_and_tried_seldom(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password is an error that names the channel; other pollers do not try it as well meanwhile."""
    place.set(poll_s=0.1)
    monkeypatch.setattr("connectors.hosts.imap.poller._REFUSED_S", 1.5)
    tries = []

    def wrong(client: object) -> None:
        tries.append(time.monotonic())
        by_password(USER, lambda: "wrong")(client)  # type: ignore[arg-type]  # passed through

    async def main() -> None:
        async with running(poller(place, wrong), poller(place, wrong)):
            await until(lambda: len(tries) == 2)

    with structlog.testing.capture_logs() as logs:
        asyncio.run(main())
    assert tries[1] - tries[0] >= 1.5
    said = next(line for line in logs if line["event"] == "mailbox_login_refused")
    assert (said["channel"], said["log_level"]) == ("mail", "error")
    assert "the server refuses the login" in said["reason"]


def test_a_paused_channel_is_not_read(place: Place) -> None:
    """A pause ends the reading; resuming begins it again."""
    place.set(poll_s=0.1)
    paused = [True]
    place.put(letter("one"))

    async def main() -> None:
        async with running(poller(place, is_paused=lambda _: paused[0])):
            await asyncio.sleep(0.5)
            assert place.door.commands == []
            paused[0] = False
            await until(taken(place.door, 1))
            paused[0] = True
            await asyncio.sleep(1.2)
            await asyncio.to_thread(place.put, letter("two"))
            await asyncio.sleep(0.5)
            assert len(place.door.commands) == 1

    asyncio.run(main())


def test_a_fault_of_ours_does_not_end_the_reading(place: Place) -> None:
    """Whatever is raised, it is logged, and the mailbox is read again."""
    place.set(poll_s=0.1)
    place.put(letter("one"))
    faults = [RuntimeError("a bug")]

    def faulty(client: object) -> None:
        if faults:
            raise faults.pop()
        RIGHT(client)  # type: ignore[arg-type]  # passed through

    async def main() -> None:
        async with running(poller(place, faulty)):
            await until(taken(place.door, 1))

    with structlog.testing.capture_logs() as logs:
        asyncio.run(main())
    assert "mailbox_failed" in {line["event"] for line in logs}


def test_a_server_that_is_away_is_tried_again(place: Place) -> None:
    """Nobody listens: the log says so, and stopping does not wait for the next try."""
    place.set(port=9, poll_s=0.1)

    async def main() -> float:
        async with running(poller(place)):
            await until(lambda: len([1 for line in logs if line["event"] == "mailbox_away"]) >= 2)
            began = time.monotonic()
        return time.monotonic() - began

    with structlog.testing.capture_logs() as logs:
        assert asyncio.run(main()) < 3


def test_back_off_grows_to_its_cap() -> None:
    """Drawn from [0, min(300, 2 ** n)]; a refused login waits half a minute on top."""
    assert [again_after(n, lambda: 1.0, refused=False) for n in (0, 1, 2, 9, 5000)] == [1, 2, 4, 300, 300]
    assert again_after(3, lambda: 0.0, refused=False) == 0
    assert again_after(0, lambda: 0.5, refused=True) == 30.5
