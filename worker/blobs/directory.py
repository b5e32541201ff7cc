"""Blobs in a directory of this machine.

A blob is there whole or not at all: it is written as a draft, forced to the disk, and renamed into its place;
then the folder itself is forced to the disk. Only this user can read any of it.
"""

import asyncio
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from math import inf
from pathlib import Path
from typing import Final

from worker.blob import BlobHead, BlobName
from worker.blobs.layout import SHARD_DIGITS, name_at, path_of
from worker.errors import BlobsUnavailable

#: Where drafts lie. A channel's name never begins with a dot.
DRAFTS: Final = ".drafts"
#: After so long nobody is writing a draft any more, in seconds.
_ABANDONED_S: Final = 24 * 3600.0


class DirectoryBlobs:
    """Implements `worker.ports.Blobs`."""

    def __init__(self, root: Path) -> None:
        """`root` is absolute; it is made when the first blob is put."""
        self._root = root
        self._is_prepared = False

    async def put(self, name: BlobName, content: bytes) -> None:
        """See `worker.ports.Blobs.put`."""
        try:
            await asyncio.to_thread(self._put, name, content)
        except OSError as error:
            raise _unavailable(self._root, "written", error) from error

    async def get(self, name: BlobName) -> bytes | None:
        """See `worker.ports.Blobs.get`."""
        try:
            return await asyncio.to_thread(self._path(name).read_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unavailable(self._root, "read", error) from error

    async def head(self, name: BlobName) -> BlobHead | None:
        """See `worker.ports.Blobs.head`."""
        try:
            found = await asyncio.to_thread(self._path(name).stat)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unavailable(self._root, "read", error) from error
        return _head(name, found)

    async def delete(self, name: BlobName) -> None:
        """See `worker.ports.Blobs.delete`."""
        try:
            await asyncio.to_thread(self._path(name).unlink, missing_ok=True)
        except OSError as error:
            raise _unavailable(self._root, "changed", error) from error

    async def page(self, *, after: BlobName | None, limit: int) -> tuple[BlobHead, ...]:
        """See `worker.ports.Blobs.page`."""
        try:
            return await asyncio.to_thread(lambda: tuple(islice(self._heads(after), limit)))
        except OSError as error:
            raise _unavailable(self._root, "read", error) from error

    def _path(self, name: BlobName) -> Path:
        return self._root / path_of(name)

    def _put(self, name: BlobName, content: bytes) -> None:
        if not self._is_prepared:
            self._prepare()
        path = self._path(name)
        draft = self._root / DRAFTS / f"{name.digest}.{uuid.uuid4().hex}"
        try:
            _write(draft, content)
            try:
                draft.replace(path)
            except FileNotFoundError:
                # The first of its folder; to look for the folder each time would cost every blob.
                self._make(path.parent)
                draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        _sync(path.parent)

    def _prepare(self) -> None:
        """Make the root, and throw away what a killed process left half written."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._make(self._root / DRAFTS)
        past = datetime.now(UTC).timestamp() - _ABANDONED_S
        for draft in (self._root / DRAFTS).iterdir():
            if _changed_at(draft) < past:
                draft.unlink(missing_ok=True)
        self._is_prepared = True

    def _make(self, folder: Path) -> None:
        """Make a folder beneath the root, so that it outlives a power cut."""
        if folder == self._root or folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(exist_ok=True, mode=0o700)
        _sync(folder.parent)

    def _heads(self, after: BlobName | None) -> Iterator[BlobHead]:
        """Yield what is there, in the order of names."""
        for channel in _sorted(self._root):
            if after and channel < after.channel:
                continue
            same = after is not None and channel == after.channel
            for shard in _sorted(self._root / channel):
                if same and after and shard < after.digest[:SHARD_DIGITS]:
                    continue
                yield from self._shard(f"{channel}/{shard}", after)

    def _shard(self, folder: str, after: BlobName | None) -> Iterator[BlobHead]:
        for digest in _sorted(self._root / folder):
            path = f"{folder}/{digest}"
            name = name_at(path)
            if name is None or (after and name <= after):
                continue
            try:
                found = (self._root / path).stat()
            except FileNotFoundError:
                continue  # deleted just now
            yield _head(name, found)


def _changed_at(draft: Path) -> float:
    """Return when a draft was last written to; now, so to say, for one that has just become a blob."""
    try:
        return draft.stat().st_mtime
    except FileNotFoundError:
        return inf


def _sorted(folder: Path) -> list[str]:
    try:
        return sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _head(name: BlobName, found: os.stat_result) -> BlobHead:
    return BlobHead(name, datetime.fromtimestamp(found.st_mtime, UTC), found.st_size)


def _write(draft: Path, content: bytes) -> None:
    """Write a new file and force it to the disk, with no system call that does not need to be."""
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode=0o600)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(opened, rest) :]
        os.fsync(opened)
    finally:
        os.close(opened)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _unavailable(root: Path, what: str, error: OSError) -> BlobsUnavailable:
    return BlobsUnavailable(f"the blobs in {root} cannot be {what}: {error.strerror or error}")
