"""One process, started, watched and ended."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.child import Child, ChildFailed, Program
from bridge.screen import Screen


def _program(code: str, **rest: object) -> Program:
    return Program("child", (sys.executable, "-S", "-c", code), **rest)  # type: ignore[arg-type]  # a test's table


def _child(program: Program, log: Path, born: Callable[[str, int], None] = lambda _name, _pid: None) -> Child:
    return Child(program, Screen(), log=log, born=born)


async def _never() -> bool:
    return False


def test_a_child_that_ends_before_it_is_ready_is_a_failure(tmp_path: Path) -> None:
    """Its exit code is said, and where its words are."""

    async def story() -> None:
        child = _child(_program("raise SystemExit(3)", ready=_never), tmp_path / "log")
        await child.start()
        with pytest.raises(
            ChildFailed, match=r"child ended with exit code 3 \(see .*log\) before it was ready"
        ):
            await child.wait_ready()
        await child.end()

    asyncio.run(story())


def test_a_child_that_never_gets_ready_is_a_failure(tmp_path: Path) -> None:
    """Patience has an end."""

    async def story() -> None:
        child = _child(_program("import time; time.sleep(60)", ready=_never, ready_s=0.1), tmp_path / "log")
        await child.start()
        with pytest.raises(ChildFailed, match=r"child was not ready within 0\.1 s"):
            await child.wait_ready()
        await child.end()

    asyncio.run(story())


def test_who_does_not_end_is_killed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A child deaf to SIGTERM ends all the same, and it is said."""
    deaf = tmp_path / "deaf"
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"open({str(deaf)!r}, 'w'); time.sleep(60)"
    )

    async def is_deaf() -> bool:
        return deaf.exists()

    async def story() -> None:
        child = _child(_program(code, ready=is_deaf, end_s=0.1), tmp_path / "log")
        await child.start()
        await child.wait_ready()
        await child.end()

    asyncio.run(story())
    assert "child did not end within 0.1 s and was killed" in capsys.readouterr().err


def test_who_ends_unasked_starts_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A killed child is replaced by a new one, and the keeper hears of both."""
    heard: list[tuple[str, int]] = []
    again = asyncio.Event()

    def born(name: str, pid: int) -> None:
        heard.append((name, pid))
        if len(heard) == 2:
            again.set()

    async def story() -> None:
        child = _child(_program("import time; time.sleep(60)"), tmp_path / "log", born)
        await child.start()
        watching = asyncio.create_task(child.watch())
        os.kill(heard[0][1], 9)
        await asyncio.wait_for(again.wait(), 30)
        watching.cancel()
        await child.end()

    asyncio.run(story())
    (_, first), (_, second), last = heard
    assert first != second
    assert last == ("child", 0)
    assert "child ended with signal SIGKILL" in capsys.readouterr().err


def test_who_cannot_stay_up_is_started_ever_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each end is said: who, how, and how long until the next try."""
    slept: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 4:
            enough.set()
            await asyncio.Event().wait()

    async def story() -> None:
        program = _program("raise SystemExit(3)", log="its.log")
        child = Child(program, Screen(), log=tmp_path / "log", born=lambda _name, _pid: None, sleep=sleep)
        await child.start()
        watching = asyncio.create_task(child.watch())
        await asyncio.wait_for(enough.wait(), 30)
        watching.cancel()
        await child.end()

    asyncio.run(story())
    assert slept == [1, 2, 4, 8]
    first, *_, last = capsys.readouterr().err.splitlines()
    log = tmp_path / "log"
    assert first == f"bridge: child ended with exit code 3 (see {log}); it starts again in 1 s"
    assert (
        last == f"bridge: child ended with exit code 3 (see {log}); it starts again in 8 s (4 ends in a row)"
    )


def test_a_start_that_fails_is_tried_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A program that is gone for a while does not leave its child unwatched."""
    script = tmp_path / "program"
    script.write_text("#!/bin/sh\nexit 3\n")
    script.chmod(0o700)
    enough = asyncio.Event()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            script.rename(tmp_path / "away")
        if len(slept) == 2:
            (tmp_path / "away").rename(script)
        if len(slept) == 3:
            enough.set()
            await asyncio.Event().wait()

    async def story() -> None:
        born: list[int] = []
        program = Program("child", (str(script),))
        child = Child(
            program, Screen(), log=tmp_path / "log", born=lambda _, pid: born.append(pid), sleep=sleep
        )
        await child.start()
        watching = asyncio.create_task(child.watch())
        await asyncio.wait_for(enough.wait(), 30)
        watching.cancel()
        await child.end()
        assert len(born) == 3, "two starts that went well, and the end"

    asyncio.run(story())
    told = capsys.readouterr().err
    assert told.count("bridge: child cannot be started: ") == 1
    assert "No such file or directory" in told


def test_lines_come_with_the_name_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line of a watched child bears its name; blank ones are left out."""
    lines: list[tuple[str, str]] = []
    screen = Screen()
    monkeypatch.setattr(Screen, "shows_names", property(lambda _: True))
    monkeypatch.setattr(screen, "log", lambda name, line: lines.append((name, line)))

    async def story() -> None:
        program = _program("print('one'); print(); print('two')")
        child = Child(program, screen, log=None, born=lambda _name, _pid: None)
        await child.start()
        await asyncio.wait_for(asyncio.shield(child._reader or asyncio.sleep(0)), 30)
        await child.end()

    asyncio.run(story())
    assert lines == [("child", "one"), ("child", "two")]
    assert not list(tmp_path.iterdir())
