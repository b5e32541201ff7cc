"""The children: all processes of a running bridge, and the order in which they come and go."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bridge import keeper
from bridge.child import Child, Program
from bridge.screen import Screen


class Children:
    """Starts processes, keeps them running, ends them in order."""

    def __init__(self, screen: Screen, *, leavings: Path, log: Path | None = None) -> None:
        """`leavings` is what the keeper removes should we be killed; `log` takes the children's output."""
        self._screen = screen
        self._log = log
        self._children: dict[str, Child] = {}
        self._watching: list[asyncio.Task[None]] = []
        self._keeper = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
            [sys.executable, "-I", "-S", keeper.__file__, str(leavings)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
            bufsize=1,
        )

    async def start(self, programs: Sequence[Program]) -> None:
        """Start programs at the same time and return when all are ready. Raises ChildFailed."""
        young = [Child(program, self._screen, log=self._log, born=self._tell_keeper) for program in programs]
        for child in young:
            self._children[child.program.name] = child
            await child.start()
        try:
            async with asyncio.TaskGroup() as group:
                for child in young:
                    group.create_task(child.wait_ready())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    def watch(self) -> None:
        """From now on, start again whatever ends."""
        self._watching = [asyncio.create_task(child.watch()) for child in self._children.values()]

    async def end(self, order: Sequence[Sequence[str]]) -> None:
        """End the named ones group by group, then all others."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        for names in order:
            await self._end([child for name, child in self._children.items() if name in names])
        await self._end(list(self._children.values()))

    def kill(self) -> None:
        """End all at once, the private Redis excepted: it ends as soon as its last write is on disk."""
        for name, child in self._children.items():
            if name != keeper.LAST:
                child.kill()

    def close(self) -> None:
        """Let the keeper go."""
        self._keeper.communicate()

    async def _end(self, children: Sequence[Child]) -> None:
        await asyncio.gather(*(child.end() for child in children))
        for child in children:
            self._children.pop(child.program.name, None)

    def _tell_keeper(self, name: str, pid: int) -> None:
        if self._keeper.stdin is not None:
            try:
                self._keeper.stdin.write(f"{name} {pid}\n")
            except BrokenPipeError:
                self._screen.say(
                    "the keeper is gone: should this process be killed, end its children by hand"
                )
