"""The poller: holds a mailbox for as long as it may, reads it, waits for more, and comes again after trouble.

Any number of pollers may be started for one mailbox, in as many processes: the lease lets one of them read.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any, Final

import structlog

from connectors.hosts.imap.connection import Connection
from connectors.hosts.imap.errors import HoldLost, LoginRefused, MailboxError
from connectors.hosts.imap.line import Line
from connectors.hosts.imap.login import Login
from connectors.hosts.imap.reader import Mailbox, Office, Reader
from worker.errors import BridgeError, StoreUnavailable
from worker.mailboxes import Hold
from worker.ports import Dice

_log: Any = structlog.get_logger()

#: Seconds between two looks at whether to stop, while the server is listened to.
_SLICE_S: Final = 1.0
#: Back-off after trouble: drawn evenly from [0, min(cap, base * 2 ** n)].
_BASE_S: Final = 1.0
_CAP_S: Final = 300.0
#: The shortest time between two refused logins: some servers lock an account that tries too often.
_REFUSED_S: Final = 30.0
#: How long a reader may take for the mail it is at when it shall stop.
_GRACE_S: Final = 10.0


def again_after(failures: int, dice: Dice, *, refused: bool) -> float:
    """Return the seconds to wait after so many failures in a row."""
    drawn = dice() * min(_CAP_S, _BASE_S * 2.0 ** min(failures, 30))
    return _REFUSED_S + drawn if refused else drawn


class Poller:
    """Reads one mailbox until it is stopped. Belongs to one event loop."""

    def __init__(
        self,
        mailbox: Mailbox,
        office: Office,
        login: Login,
        context: ssl.SSLContext,
        *,
        dice: Dice,
        is_paused: Callable[[str], bool],
    ) -> None:
        self._mailbox = mailbox
        self._office = office
        self._login = login
        self._context = context
        self._dice = dice
        self._is_paused = is_paused
        self._lease = timedelta(seconds=mailbox.settings.lease_s)
        self._line = Line(mailbox.channel)
        self._connection: Connection | None = None
        self._stopping = asyncio.Event()
        self._failures = 0

    async def run(self) -> None:
        """Read until `stop`. Raises nothing: whatever happens, it is tried again."""
        while not self._stopping.is_set():
            if self._is_paused(self._mailbox.channel):
                await self._rest(_SLICE_S)
                continue
            try:
                held = await self._hold_once()
            except StoreUnavailable as error:
                await self._rest(self._told(error))
            else:
                if not held:
                    await self._rest(min(self._mailbox.settings.lease_s / 3, self._mailbox.settings.poll_s))

    def stop(self) -> None:
        """End after the mail that is being seen to."""
        self._stopping.set()

    def cut(self) -> None:
        """End at once: what is under way is repeated by the next reader."""
        self.stop()
        if self._connection:
            with contextlib.suppress(OSError):
                self._connection.cut()
        self._line.close()

    async def _hold_once(self) -> bool:
        """Become the reader and read for as long as that goes well; say whether there was a chance to."""
        office, channel = self._office, self._mailbox.channel
        hold = await office.register.take_mailbox(
            channel, token=office.ids(), lease=self._lease, now=office.clock()
        )
        if hold is None:
            return False
        try:
            async with self._renewing(hold) as lost:
                await self._serve(hold, lost)
        finally:
            with contextlib.suppress(StoreUnavailable):
                await office.register.release_mailbox(hold, now=office.clock())
        return True

    async def _serve(self, hold: Hold, lost: asyncio.Event) -> None:
        try:
            await self._read_on(hold, lost)
        except HoldLost as error:
            _log.info("mailbox_left", channel=self._mailbox.channel, reason=str(error))
        except LoginRefused as error:
            # The mailbox stays ours meanwhile, so that no other process tries the same login.
            await self._rest(self._told(error, refused=True), lost)
        except (MailboxError, BridgeError) as error:
            await self._rest(self._told(error))
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end the reading for good
            _log.exception("mailbox_failed", channel=self._mailbox.channel, reason=type(error).__name__)
            await self._rest(self._told(error))

    async def _read_on(self, hold: Hold, lost: asyncio.Event) -> None:
        def is_over() -> bool:
            return self._stopping.is_set() or lost.is_set() or self._is_paused(self._mailbox.channel)

        async with self._connected() as connection:
            reader = Reader(self._mailbox, self._office, self._line, connection, hold)
            while not is_over():
                seen_to = await reader.read(is_over)
                if self._failures:
                    _log.info("mailbox_recovered", channel=self._mailbox.channel, failures=self._failures)
                self._failures = 0
                if seen_to:
                    _log.info("mailbox_read", channel=self._mailbox.channel, mails=seen_to)
                await self._await_mail(connection, is_over)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        settings = self._mailbox.settings
        connection = await self._line.ask(Connection.open, settings, self._login, self._context)
        self._connection = connection
        try:
            yield connection
            with contextlib.suppress(MailboxError):
                await self._line.ask(connection.leave)
        finally:
            self._connection = None
            with contextlib.suppress(OSError):
                connection.cut()

    async def _await_mail(self, connection: Connection, is_over: Callable[[], bool]) -> None:
        """Return when there may be new mail, at the latest after `poll_s`."""
        poll_s = self._mailbox.settings.poll_s
        if not connection.can_idle:
            deadline = _now() + poll_s
            while not is_over() and (left := deadline - _now()) > 0:
                await self._rest(min(_SLICE_S, left))
            return
        await self._line.ask(connection.begin_idle)
        deadline = _now() + poll_s
        while not is_over() and (left := deadline - _now()) > 0:
            if await self._line.ask(connection.hears, min(_SLICE_S, left)):
                break
        await self._line.ask(connection.end_idle)

    @contextlib.asynccontextmanager
    async def _renewing(self, hold: Hold) -> AsyncIterator[asyncio.Event]:
        """Stay the reader meanwhile; the event tells when that failed."""
        lost = asyncio.Event()
        task = asyncio.create_task(self._renew(hold, lost))
        try:
            yield lost
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _renew(self, hold: Hold, lost: asyncio.Event) -> None:
        office = self._office
        while not lost.is_set():
            await asyncio.sleep(self._mailbox.settings.lease_s / 3)
            with contextlib.suppress(StoreUnavailable):
                if not await office.register.renew_mailbox(hold, lease=self._lease, now=office.clock()):
                    lost.set()

    def _told(self, error: Exception, *, refused: bool = False) -> float:
        """Say what is wrong, and return the seconds until it is tried again."""
        wait_s = again_after(self._failures, self._dice, refused=refused)
        self._failures += 1
        write = _log.error if refused else _log.warning
        event = "mailbox_login_refused" if refused else "mailbox_away"
        write(event, channel=self._mailbox.channel, reason=str(error), again_in_s=round(wait_s, 1))
        return wait_s

    async def _rest(self, seconds: float, lost: asyncio.Event | None = None) -> None:
        """Wait, but no longer than until it is time to stop, or the mailbox is another's."""
        deadline = _now() + seconds

        def over() -> bool:
            return self._stopping.is_set() or (lost is not None and lost.is_set())

        while not over() and (left := deadline - _now()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), min(left, _SLICE_S))


def _now() -> float:
    return asyncio.get_running_loop().time()


class Pollers:
    """The pollers of one process."""

    def __init__(self, pollers: tuple[Poller, ...]) -> None:
        self._pollers = pollers
        self._tasks = [asyncio.create_task(each.run()) for each in pollers]

    async def stop(self) -> None:
        """Let each finish the mail it is at, and return."""
        for poller in self._pollers:
            poller.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GRACE_S)
        for poller in self._pollers:
            poller.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
