"""`bridge up`: the whole bridge on this machine, in the foreground, until somebody says stop."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bridge.children import Children
from bridge.home import Home
from bridge.lock import DataLock
from bridge.places import Places
from bridge.samples import samples
from bridge.screen import Screen
from bridge.stack import Stack, Wishes
from bridge.welcome import welcome

_STOP: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def claimed(wishes: Wishes) -> Iterator[tuple[Stack, DataLock]]:
    """Hold the data directory while the stack that was wished for is in use.

    Raises AnotherBridge or SettingsError. For entry points only.
    """
    home = Home.at(wishes.data)
    lock = DataLock(home.lock)
    lock.take()
    home.places.unlink(missing_ok=True)  # what a power cut left must not reach the children
    try:
        yield Stack(wishes, home), lock
    finally:
        lock.release()


class Running:
    """A stack that runs for as long as this context lasts."""

    def __init__(self, stack: Stack, lock: DataLock, screen: Screen, *, log: Path | None = None) -> None:
        """`log` takes the children's output instead of the terminal."""
        self._stack = stack
        self._lock = lock
        self._children = Children(screen, leavings=stack.home.places, log=log)

    async def __aenter__(self) -> Places:
        """Start everything; return when all of it works. Raises ChildFailed."""
        try:
            await self._children.start(self._stack.foundations(self._lock.file))
            await self._children.start(self._stack.rest())
        except BaseException:
            await self.__aexit__()
            raise
        self._children.watch()
        places = _places(self._stack)
        places.write(self._stack.home.places)
        return places

    async def __aexit__(self, *_: object) -> None:
        """End everything, in order."""
        self._stack.home.places.unlink(missing_ok=True)
        await self._children.end(self._stack.end_order)
        self._children.close()
        if self._stack.redis:
            self._stack.redis.tidy()

    def hurry(self) -> None:
        """End at once what is still ending; nothing accepted is lost by that."""
        self._children.kill()


def up(wishes: Wishes, screen: Screen, *, as_json: bool = False) -> None:
    """Run until a signal says stop. Raises BridgeError when it cannot."""
    with claimed(wishes) as (stack, lock):
        if screen.shows_names and stack.settings.log_format == "auto":
            os.environ["BRIDGE_LOG_FORMAT"] = "console"  # children write into pipes, but a person reads
        asyncio.run(_serve(Running(stack, lock, screen), screen, as_json=as_json))


async def _serve(running: Running, screen: Screen, *, as_json: bool) -> None:
    with _stoppable(running, screen), contextlib.suppress(asyncio.CancelledError):
        began = asyncio.get_running_loop().time()
        async with running as places:
            if as_json:
                screen.out.print(places.line(), markup=False)
            else:
                welcome(screen.out, places, seconds=asyncio.get_running_loop().time() - began)
            await asyncio.Event().wait()


@contextlib.contextmanager
def _stoppable(running: Running, screen: Screen) -> Iterator[None]:
    """Let the first signal end this task, and any further one whatever takes its time."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    asked = False

    def stop() -> None:
        nonlocal asked
        if asked or task is None:
            running.hurry()
            return
        asked = True
        screen.say("stopping; once more to hurry")
        task.cancel()

    for number in _STOP:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in _STOP:
            loop.remove_signal_handler(number)


def _places(stack: Stack) -> Places:
    shown = samples(
        stack.settings,
        stack.secrets,
        intake=stack.intake_url,
        smtp=stack.smtp,
        data=stack.home.directory,
    )
    return Places(
        environment=stack.environment,
        intake=stack.intake_url,
        smtp=dict(zip(("host", "port"), stack.smtp, strict=True)) if stack.smtp else {},
        sandbox=stack.sandbox_url,
        console=stack.console_url,
        data=str(stack.home.directory),
        config=str(stack.config),
        pid=os.getpid(),
        samples=shown,
        metrics=stack.metrics,
    )
