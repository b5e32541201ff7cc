"""What is old goes, what is young stays, each channel by its own clock."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from worker.blob import BlobName
from worker.blobs.directory import DirectoryBlobs
from worker.blobs.layout import path_of
from worker.expiry import Pruned, Retention, prune_blobs
from worker.settings import Settings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RETENTION = Retention(timedelta(days=90), {"short": timedelta(days=1)})
OLD = [("mail", 91.0), ("gone", 90.0), ("short", 2.0)]
YOUNG = [("mail", 89.9), ("short", 0.5), ("gone", 2.0)]


@pytest.fixture
def blobs(tmp_path: Path) -> DirectoryBlobs:
    """Messages of several channels and ages, ten bytes each."""
    kept = DirectoryBlobs(tmp_path)
    for channel, days in (*OLD, *YOUNG):
        content = f"{days:10.1f}".encode()
        name = BlobName.of(channel, content)
        asyncio.run(kept.put(name, content))
        then = (NOW - timedelta(days=days)).timestamp()
        os.utime(tmp_path / path_of(name), (then, then))
    return kept


def left(blobs: DirectoryBlobs) -> set[tuple[str, float]]:
    """Return the channels and ages of what is still there."""
    heads = asyncio.run(blobs.page(after=None, limit=100))
    return {(head.name.channel, round((NOW - head.stored_at).total_seconds() / 86400, 1)) for head in heads}


def test_what_is_over_goes(blobs: DirectoryBlobs) -> None:
    """At the very moment its time is over, and nothing before; twice is once."""
    assert asyncio.run(prune_blobs(blobs, RETENTION, now=NOW)) == Pruned(6, 3, 30, stopped=False)
    assert left(blobs) == set(YOUNG)
    assert asyncio.run(prune_blobs(blobs, RETENTION, now=NOW)) == Pruned(3, 0, 0, stopped=False)


def test_a_dry_run_deletes_nothing(blobs: DirectoryBlobs) -> None:
    """But says the same."""
    assert asyncio.run(prune_blobs(blobs, RETENTION, now=NOW, dry=True)) == Pruned(6, 3, 30, stopped=False)
    assert left(blobs) == {*OLD, *YOUNG}


def test_a_run_is_bounded_and_the_next_one_goes_on(blobs: DirectoryBlobs) -> None:
    """Whatever the limit, in the end everything is gone that has to."""
    runs = []
    while not runs or runs[-1].stopped:
        runs.append(asyncio.run(prune_blobs(blobs, RETENTION, now=NOW, limit=1)))
    assert [run.deleted for run in runs] == [1, 1, 1]
    assert left(blobs) == set(YOUNG)


def test_every_page_is_looked_at(blobs: DirectoryBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the deleted ones were the last of their page."""
    monkeypatch.setattr("worker.expiry.PAGE", 1)
    assert asyncio.run(prune_blobs(blobs, RETENTION, now=NOW)).seen == 6


def test_settings_say_how_long() -> None:
    """The usual time, and a channel's own."""
    settings = Settings.model_validate(
        {
            "services": {"support": {"base_url": "http://x", "api_key": "env:X"}},
            "blobs": {"retention_s": 60},
            "channels": {
                "mail": {"connector": "email", "service": "support", "retention_s": 5},
                "other": {"connector": "email", "service": "support"},
            },
        }
    )
    assert Retention.of(settings) == Retention(timedelta(seconds=60), {"mail": timedelta(seconds=5)})
