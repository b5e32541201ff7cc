"""The child: one process the bridge starts, watches and ends."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bridge.restart import Restart
from bridge.screen import Screen
from worker.errors import BridgeError

_LONGEST_LINE: Final = 1024 * 1024
_LOOK_S: Final = 0.03


class ChildFailed(BridgeError):
    """A child did not come up."""


async def at_once() -> bool:
    """Ready as soon as it runs."""
    return True


@dataclass(frozen=True, slots=True)
class Program:
    """What a child runs."""

    name: str
    command: tuple[str, ...]
    #: Whether it does its work; asked again and again until it says yes.
    ready: Callable[[], Awaitable[bool]] = at_once
    #: How long it may take until then.
    ready_s: float = 60.0
    #: How long it may take to end once asked to; it is killed only after that.
    end_s: float = 15.0
    #: Where it says what went wrong, when that is not on the screen.
    log: str = ""
    #: Open files that it inherits.
    files: tuple[int, ...] = ()
    #: Added to the environment.
    environment: Mapping[str, str] = field(default_factory=dict)


class Child:
    """One process and its restarts."""

    def __init__(
        self,
        program: Program,
        screen: Screen,
        *,
        log: Path | None,
        born: Callable[[str, int], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.program = program
        self._screen = screen
        #: Where its output goes instead of the terminal.
        self._log = log
        #: Hears its name and process id, and its name and 0 when it is gone.
        self._born = born
        #: Waits before a restart.
        self._sleep = sleep
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process."""
        with contextlib.ExitStack() as opened:
            output = self._output(opened)
            self._process = await asyncio.create_subprocess_exec(
                *self.program.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output == subprocess.PIPE else output,
                env={**os.environ, **self.program.environment},
                pass_fds=self.program.files,
                start_new_session=True,  # Ctrl-C is for us alone: children end in order
                limit=_LONGEST_LINE,
            )
        self._born(self.program.name, self._process.pid)
        if self._process.stdout is not None:
            self._reader = asyncio.create_task(self._forward(self._process.stdout))

    async def wait_ready(self) -> None:
        """Return when it does its work. Raises ChildFailed."""
        try:
            async with asyncio.timeout(self.program.ready_s):
                while not await self.program.ready():
                    if self._process is None or self._process.returncode is not None:
                        raise ChildFailed(f"{self._obituary()} before it was ready")
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError as error:
            raise ChildFailed(
                f"{self.program.name} was not ready within {self.program.ready_s:g} s"
            ) from error

    async def watch(self) -> None:
        """Start it again whenever it ends, later each time it ends soon; cancel this before `end`."""
        restart, loop = Restart(), asyncio.get_running_loop()
        while self._process is not None:
            began = loop.time()
            await self._process.wait()
            restart = restart.after(loop.time() - began)
            self._screen.say(f"{self._obituary()}{restart.notice}", style="yellow")
            await self._sleep(restart.pause_s)
            await self._start_again()

    async def end(self) -> None:
        """Ask it to end and return when it has; kill it when it takes too long."""
        if self._process is None:
            return
        self._send(signal.SIGTERM)
        try:
            async with asyncio.timeout(self.program.end_s):
                await self._process.wait()
        except TimeoutError:
            self._screen.say(
                f"{self.program.name} did not end within {self.program.end_s:g} s and was killed"
            )
            self.kill()
            await self._process.wait()
        self._born(self.program.name, 0)
        if self._reader is not None:
            await self._reader

    def kill(self) -> None:
        """End it at once."""
        self._send(signal.SIGKILL)

    async def _start_again(self) -> None:
        try:
            await self.start()
        except OSError as error:  # no memory, no process left: the next round finds it ended and tries later
            self._screen.say(f"{self.program.name} cannot be started: {error}", style="bold red")

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _output(self, opened: contextlib.ExitStack) -> int:
        if self._log is not None:
            return opened.enter_context(self._log.open("ab")).fileno()
        return subprocess.PIPE if self._screen.shows_names else 2

    async def _forward(self, lines: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await lines.readline()
            except ValueError:
                continue  # a line longer than anybody reads was dropped
            if not line:
                return
            if line.strip():
                self._screen.log(self.program.name, line.decode(errors="replace").rstrip())

    def _obituary(self) -> str:
        code = None if self._process is None else self._process.returncode
        see = self._log or self.program.log
        how = f"exit code {code}" if code is None or code >= 0 else f"signal {signal.Signals(-code).name}"
        return f"{self.program.name} ended with {how}" + (f" (see {see})" if see else "")
