"""`bridge top`: how everything stands, live, until a key or Ctrl-C says stop."""

import asyncio
import contextlib
import os
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from typing import Final

from rich.console import Group
from rich.live import Live
from rich.text import Text

from bridge.moments import Clock
from bridge.screen import Screen
from bridge.session import session
from bridge.status import Overview, as_json, overlook, parts, print_status
from worker.errors import StoreUnavailable
from worker.wiring import Bridge

_STOP: Final = (signal.SIGINT, signal.SIGTERM)
#: Keys that end it: q, Escape, and Ctrl-D.
_ENDING: Final = b"qQ\x1b\x04"


async def top(service: str, screen: Screen, clock: Clock, *, every_s: float, once: bool = False) -> bool:
    """Show one service, or each, until somebody says stop; return whether all is well at the end.

    Where nobody watches, or `once`, it is told once. For entry points only. Raises BridgeError.
    """
    async with session(service, level="error") as bridge:
        overview = await overlook(bridge, service)
        if once:
            sys.stdout.write(as_json(overview, clock) + "\n")
        elif not screen.out.is_terminal:
            print_status(overview, screen.out, clock)
        else:
            overview = await _watch(bridge, service, screen, clock, every_s, overview)
    return overview.all_is_well(clock)


async def _watch(  # noqa: PLR0917 - its only caller has them all
    bridge: Bridge, service: str, screen: Screen, clock: Clock, every_s: float, overview: Overview
) -> Overview:
    with _stoppable() as stop, Live(console=screen.out, screen=True, auto_refresh=False) as live:
        trouble = ""
        while not stop.is_set():
            live.update(_page(overview, clock, clock(bridge.clock()), trouble, every_s), refresh=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await stop.wait()
            try:
                overview, trouble = await overlook(bridge, service), ""
            except StoreUnavailable as error:
                trouble = f"{error}; what follows is how it stood before"
    return overview


def _page(overview: Overview, clock: Clock, now: str, trouble: str, every_s: float) -> Group:
    head = Text(f"{now}  every {every_s:g} s, q ends", style="dim")
    doubt = [Text(trouble, style="bold red")] if trouble else []
    return Group(head, *doubt, *parts(overview, clock))


@contextlib.contextmanager
def _stoppable() -> Iterator[asyncio.Event]:
    """Turn a signal or a key into an event; the terminal is given back as it was."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    with contextlib.ExitStack() as undo:
        for number in _STOP:
            loop.add_signal_handler(number, stop.set)
            undo.callback(loop.remove_signal_handler, number)
        if sys.stdin.isatty():
            keys = sys.stdin.fileno()
            undo.callback(termios.tcsetattr, keys, termios.TCSADRAIN, termios.tcgetattr(keys))
            tty.setcbreak(keys)
            loop.add_reader(keys, _read_key, keys, stop)
            undo.callback(loop.remove_reader, keys)
        yield stop


def _read_key(keys: int, stop: asyncio.Event) -> None:
    pressed = os.read(keys, 1)
    if not pressed or pressed in _ENDING:
        stop.set()
