"""Runs: long work that was begun here and goes on by itself, watched and stopped from elsewhere.

They live in the process that began them. When it ends they end between two letters, and doing the same again
does the rest: nothing of a run has to survive.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from console.people import Person
from console.round import Advance, Proceed, Round, pace
from worker.errors import BridgeError
from worker.ports import Clock, Ids

#: Runs that are remembered after their end.
_REMEMBERED: Final = 100

#: The work of a run.
Work = Callable[[Proceed, Advance], Awaitable[Round]]


class NoSuchRun(BridgeError):
    """No run bears this id here."""


class State(StrEnum):
    """How far a run is."""

    RUNNING = "running"
    DONE = "done"  #: every letter had its turn
    CANCELLED = "cancelled"  #: somebody stopped it between two letters
    BROKEN = "broken"  #: something stood in the way; the error says what


@dataclass(slots=True)
class Run:
    """One run, as it stands now."""

    id: str
    #: `replay` or `discard`.
    action: str
    service: str
    by: Person
    began_at: datetime
    total: int
    #: Letters that had their turn.
    done: int = 0
    state: State = State.RUNNING
    ended_at: datetime | None = None
    error: str = ""
    #: What became of the letters, None while it runs.
    round: Round | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def cancel(self) -> None:
        """Let no further letter have its turn."""
        self._stop.set()

    async def wait(self) -> None:
        """Return when it has ended, in whatever way."""
        await self._ended.wait()

    async def go(self, work: Work, *, rate: float, clock: Clock) -> None:
        """Do the work at most so many letters a second, and remember how it ended."""
        try:
            self.round = await work(pace(self._stop, rate), self._advance)
        except BridgeError as error:
            self._end(State.BROKEN, clock(), str(error))
        except BaseException:
            self._end(State.BROKEN, clock(), "the console failed; its log says how")
            raise
        else:
            broken = self.round.broken
            whole = len(self.round.happened) == self.round.total
            state = State.BROKEN if broken else State.DONE if whole else State.CANCELLED
            self._end(state, clock(), str(broken or ""))

    def _advance(self) -> None:
        self.done += 1

    def _end(self, state: State, at: datetime, error: str) -> None:
        self.state, self.ended_at, self.error = state, at, error
        self._ended.set()


class Runs:
    """All runs of this process."""

    def __init__(self, *, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._runs: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Work, *, by: Person, action: str, service: str, total: int, rate: float) -> Run:
        """Begin a run and return it at once."""
        run = Run(self._ids(), action, service, by, self._clock(), total)
        self._forget()
        self._runs[run.id] = run
        task = asyncio.create_task(run.go(work, rate=rate, clock=self._clock))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    def find(self, run_id: str) -> Run:
        """Return a run. Raises NoSuchRun."""
        if run_id not in self._runs:
            raise NoSuchRun(
                f"no run {run_id!r} is known here: it ended long ago, or the console was started again since"
            )
        return self._runs[run_id]

    def all(self) -> tuple[Run, ...]:
        """Return the runs that are remembered, newest first."""
        return tuple(reversed(self._runs.values()))

    async def aclose(self) -> None:
        """Stop every run between two letters, and wait until it stands."""
        for run in self._runs.values():
            run.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _forget(self) -> None:
        ended = [run for run in self._runs.values() if run.state is not State.RUNNING]
        for run in ended[: max(len(ended) - _REMEMBERED + 1, 0)]:
            del self._runs[run.id]
