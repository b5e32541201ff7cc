"""`bridge export` and `bridge import`: a store moves into a file, and out of it into an empty store."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.text import Text

from bridge import move_file
from bridge.progress import progress
from bridge.screen import Screen
from bridge.session import session
from console.shell import command
from worker.errors import BridgeError, SettingsError
from worker.lanes import Partition
from worker.store.dump import Portion
from worker.store.format import FORMAT, Stamp, doubts_of
from worker.wiring import Bridge

#: Portions, and bytes, written by one round trip.
_AT_ONCE: Final = 200
_BYTES_AT_ONCE: Final = 4 * 1024 * 1024


class NotAtRest(BridgeError):
    """The store changes while it should be moved."""


class NotEmpty(BridgeError):
    """Something stands already where a store should be imported."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was done."""

    lines: int
    #: What is to be known of it, each as a sentence.
    doubts: tuple[str, ...] = ()


async def export(path: Path, screen: Screen) -> Moved:
    """Write everything into a file. For entry points only. Raises BridgeError; then there is no file.

    Nobody else may be connected, or every service must be paused, with no call under way; whatever is
    accepted meanwhile is noticed, and spoils the export.
    """
    if await asyncio.to_thread(path.exists):
        raise BridgeError(f"{path} is there already: name another file, or remove it")
    async with session() as bridge:
        if await bridge.store.others():
            await _require_rest(bridge)
        before = await _pulse(bridge)
        stamp = await bridge.store.stamp()
        whole = Stamp(stamp.format or FORMAT, stamp.partitions or bridge.partitions)
        try:
            with move_file.Writer(path, whole, at=bridge.clock()) as file:
                with progress(screen, "exporting", await bridge.store.size()) as advance:
                    async for portion in bridge.store.portions():
                        file.add(portion, now=bridge.clock())
                        advance(1)
                if await _pulse(bridge) != before:
                    raise NotAtRest(
                        "commands were accepted or delivered while the store was read, so the export would "
                        "be torn and was dropped: stop the intake and the workers, and export again"
                    )
        except OSError as error:
            raise BridgeError(f"{path} cannot be written: {error.strerror or error}") from error
        return Moved(file.lines)


async def import_(path: Path, screen: Screen) -> Moved:
    """Read a file into an empty store. For entry points only. Raises BridgeError.

    Until it has ended no bridge starts on the store; broken off, the same import begins it anew.
    """
    try:
        contents = await asyncio.to_thread(move_file.examine, path)
    except OSError as error:
        raise BridgeError(f"{path} cannot be read: {error.strerror or error}") from error
    doubts = [f"the file {each}" for each in doubts_of(contents.stamp.format)]
    async with session() as bridge:
        if await bridge.store.others():
            raise NotAtRest(
                "other processes of a bridge are connected to the store, and would work on half of it: "
                "stop them, and import again"
            )
        if not bridge.settings.store.allow_unsafe:
            await bridge.store.refuse_unsafe()
        _require_partitions(bridge, contents.stamp)
        if (await bridge.store.stamp()).importing != contents.digest and (
            there := await bridge.store.stranger()
        ):
            raise NotEmpty(
                f"the store is not empty ({there} is there), and two stores cannot become one: "
                "import into an empty one"
            )
        await bridge.store.begin_import(contents.digest)
        with progress(screen, "importing", contents.lines) as advance:
            for batch in _batches(move_file.portions(path, now=bridge.clock())):
                await bridge.store.restore(batch)
                advance(len(batch))
        await bridge.store.end_import(contents.stamp)
        return Moved(contents.lines, tuple(doubts))


def tell_exported(moved: Moved, path: Path, screen: Screen) -> None:
    """Say what was done, and what comes next."""
    screen.tell({"lines": moved.lines, "file": str(path)})
    screen.out.print(Text(f"{moved.lines} lines are in {path}: everything but the blobs of whole mails"))
    screen.out.print(
        Text(f"next: {command('import', str(path))} with the settings of the other store", style="dim")
    )


def tell_imported(moved: Moved, screen: Screen) -> None:
    """Say what was done, and what comes next."""
    screen.tell({"lines": moved.lines, "doubts": moved.doubts})
    for doubt in moved.doubts:
        screen.out.print(Text(doubt, style="yellow"))
    screen.out.print(Text(f"{moved.lines} lines were read"))
    screen.out.print(
        Text(
            "next: never start the old store again; `bridge resume SERVICE` lets go on what was paused",
            style="dim",
        )
    )


async def _require_rest(bridge: Bridge) -> None:
    for service, partition in _partitions(bridge):
        backlog = await bridge.store.backlog(partition, now=bridge.clock())
        if not backlog.paused:
            raise NotAtRest(
                f"service {service!r} is not paused and other processes are connected to the store, "
                f"which must not change: {command('pause', service, '--reason', 'moving')}, or stop them all"
            )
        if backlog.in_flight:
            raise NotAtRest(
                f"service {service!r} still has {backlog.in_flight} calls under way: wait for them, "
                "and export again"
            )


async def _pulse(bridge: Bridge) -> tuple[object, ...]:
    """Return what changes with every command that is accepted, delivered, buried or brought back."""
    beats: list[object] = []
    for service in sorted(bridge.partitions):
        pace = await bridge.store.pace(service)
        beats.append(pace)
    for _, partition in _partitions(bridge):
        backlog = await bridge.store.backlog(partition, now=bridge.clock())
        beats.append((backlog.lanes, backlog.dead, backlog.untold))
    return tuple(beats)


def _partitions(bridge: Bridge) -> Iterator[tuple[str, Partition]]:
    for service, count in sorted(bridge.partitions.items()):
        for index in range(count):
            yield service, Partition(service, index)


def _require_partitions(bridge: Bridge, stamp: Stamp) -> None:
    for service, count in bridge.partitions.items():
        filled = stamp.partitions.get(service, count)
        if filled != count:
            raise SettingsError(
                f"services.{service}.partitions is {count}, but the file is of a store with {filled}: "
                f"set it to {filled}"
            )


def _batches(portions: Iterator[Portion]) -> Iterator[list[Portion]]:
    """Yield them in lists that are neither long nor large."""
    batch: list[Portion] = []
    size = 0
    for portion in portions:
        batch.append(portion)
        size += sum(len(item) for item in portion.items if isinstance(item, bytes))
        size += sum(len(part) for item in portion.items if isinstance(item, tuple) for part in _parts(item))
        if len(batch) == _AT_ONCE or size >= _BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _parts(item: tuple[object, ...]) -> Iterator[bytes]:
    return (part for part in item if isinstance(part, bytes))
