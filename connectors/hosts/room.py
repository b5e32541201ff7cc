"""Room: how much a process takes in at the same time, so that its memory is never at risk."""

from types import TracebackType
from typing import Self


class NoRoom(Exception):
    """As much is under way as this process takes; come again."""


class Room:
    """What all deliveries under way share: their number, and the bytes of their bodies."""

    def __init__(self, *, deliveries: int, body_bytes: int) -> None:
        self._deliveries = deliveries
        self._bytes = body_bytes

    def enter(self) -> "Place":
        """Return the place of one delivery, to be left again. Raises NoRoom."""
        if self._deliveries <= 0:
            raise NoRoom
        self._deliveries -= 1
        return Place(self)

    def _take(self, size: int) -> None:
        if size > self._bytes:
            raise NoRoom
        self._bytes -= size

    def _leave(self, size: int) -> None:
        self._deliveries += 1
        self._bytes += size


class Place:
    """The share of one delivery; a context manager that gives it back."""

    __slots__ = ("_room", "_size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._size = 0

    def take(self, size: int) -> None:
        """Have room for so many more bytes. Raises NoRoom."""
        self._room._take(size)  # noqa: SLF001 - the two halves of one thing
        self._size += size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._room._leave(self._size)  # noqa: SLF001 - as above
