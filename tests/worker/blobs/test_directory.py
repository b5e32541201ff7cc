"""Blobs in a directory: private, whole or not there, and tidy."""

import asyncio
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from worker.blob import BlobName
from worker.blobs import directory
from worker.blobs.directory import DRAFTS, DirectoryBlobs
from worker.errors import BlobsUnavailable

MAIL = b"Subject: Hello\r\n\r\n"
NAME = BlobName.of("mail", MAIL)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the blobs are to be."""
    return tmp_path / "data" / "blobs"


def modes(root: Path) -> set[int]:
    """Return the permissions of everything beneath a folder, and of itself."""
    return {stat.S_IMODE(path.stat().st_mode) for path in (root, *root.rglob("*")) if path.is_dir()}


def test_only_this_user_can_read(root: Path) -> None:
    """Folders 0700, files 0600, whatever the umask is."""
    before = os.umask(0)
    try:
        asyncio.run(DirectoryBlobs(root).put(NAME, MAIL))
    finally:
        os.umask(before)
    assert modes(root) == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*") if path.is_file()} == {0o600}


def test_a_blob_lies_under_its_hash(root: Path) -> None:
    """So that a person finds it without us."""
    asyncio.run(DirectoryBlobs(root).put(NAME, MAIL))
    assert (root / "mail" / NAME.digest[:2] / NAME.digest).read_bytes() == MAIL


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_was_not_finished_is_not_there(root: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails in between leaves neither half a blob nor a draft."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    blobs = DirectoryBlobs(root)
    asyncio.run(blobs.put(BlobName.of("mail", b"before"), b"before"))
    with monkeypatch.context() as patched:
        patched.setattr(directory.os if step == "fsync" else Path, step, fail)
        with pytest.raises(BlobsUnavailable, match="No space left"):
            asyncio.run(blobs.put(NAME, MAIL))
    assert asyncio.run(blobs.get(NAME)) is None
    assert list((root / DRAFTS).iterdir()) == []


def test_bytes_and_folders_are_forced_to_the_disk_before_put_returns(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First the bytes, then the name, then the folder that holds the name."""
    happened: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(opened: int) -> None:
        happened.append("folder" if stat.S_ISDIR(os.fstat(opened).st_mode) else "file")
        fsync(opened)

    def noted_replace(self: Path, target: Path) -> Path:
        happened.append("name")
        return replace(self, target)

    blobs = DirectoryBlobs(root)
    asyncio.run(blobs.put(NAME, MAIL))
    monkeypatch.setattr(directory.os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    asyncio.run(blobs.put(NAME, MAIL))
    assert happened == ["file", "name", "folder"]


def test_a_disk_that_takes_bytes_piece_by_piece_gets_them_all(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that takes only some of the bytes is followed by one of the rest."""
    write = os.write
    with monkeypatch.context() as patched:
        patched.setattr(directory.os, "write", lambda opened, content: write(opened, content[:3]))
        asyncio.run(DirectoryBlobs(root).put(NAME, MAIL))
    assert asyncio.run(DirectoryBlobs(root).get(NAME)) == MAIL


def test_drafts_of_the_dead_are_thrown_away(root: Path) -> None:
    """What a killed process left a day ago goes; what somebody may still be writing stays."""
    asyncio.run(DirectoryBlobs(root).put(NAME, MAIL))
    old, young = root / DRAFTS / "old", root / DRAFTS / "young"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    past = time.time() - 25 * 3600
    os.utime(old, (past, past))
    asyncio.run(DirectoryBlobs(root).put(NAME, MAIL))
    assert not old.exists()
    assert young.exists()


def test_what_others_put_there_is_left_alone(root: Path) -> None:
    """A page shows blobs and nothing else."""
    asyncio.run(DirectoryBlobs(root).put(NAME, MAIL))
    (root / "README").write_text("mine")
    (root / "mail" / NAME.digest[:2] / "note.txt").write_text("mine")
    (root / "mail" / "zz").mkdir()
    (root / "mail" / "zz" / NAME.digest).write_text("in the wrong folder")
    (head,) = asyncio.run(DirectoryBlobs(root).page(after=None, limit=10))
    assert head.name == NAME


@pytest.mark.parametrize(
    "call",
    [
        lambda blobs: blobs.put(NAME, MAIL),
        lambda blobs: blobs.get(NAME),
        lambda blobs: blobs.head(NAME),
        lambda blobs: blobs.delete(NAME),
        lambda blobs: blobs.page(after=None, limit=10),
    ],
)
def test_a_directory_that_cannot_be_used_says_so(
    tmp_path: Path, call: Callable[[DirectoryBlobs], asyncio.Future[object]]
) -> None:
    """The sentence names the directory and what is wrong with it."""
    loop = tmp_path / "blobs"
    loop.symlink_to(loop)

    async def tried() -> None:
        await call(DirectoryBlobs(loop))

    with pytest.raises(BlobsUnavailable, match=r"the blobs in .*/blobs cannot be .*: .+"):
        asyncio.run(tried())
