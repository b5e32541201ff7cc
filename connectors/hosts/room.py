"""Room: how much a process takes in at the same time, so that its memory is never at risk."""

from types import TracebackType
from typing import Self


class NoRoom(Exception):
    """As much is under way as this process takes; come again."""


class Room:
    """What all deliveries under way share: their number, and the bytes of their bodies."""

    def __init__(self, *, deliveries: int, body_bytes: int) -> None:
        #: What is left of both.
        self.free_deliveries = deliveries
        self.free_bytes = body_bytes

    def enter(self) -> "Place":
        """Return the place of one delivery, to be left again. Raises NoRoom."""
        if self.free_deliveries <= 0:
            raise NoRoom
        self.free_deliveries -= 1
        return Place(self)


class Place:
    """The share of one delivery; a context manager that gives it back."""

    __slots__ = ("_room", "_size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._size = 0

    def take(self, size: int) -> None:
        """Have room for so many more bytes. Raises NoRoom."""
        if size > self._room.free_bytes:
            raise NoRoom
        self._room.free_bytes -= size
        self._size += size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._room.free_deliveries += 1
        self._room.free_bytes += self._size
