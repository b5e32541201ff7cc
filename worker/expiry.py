"""Expiry: whole messages go when their time is over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from worker.blob import BlobHead, BlobName
from worker.ports import Blobs
from worker.settings import Settings

#: Blobs looked at in one call.
PAGE: Final = 1000
#: Blobs deleted by one run, where nothing else is said.
LIMIT: Final = 50_000


@dataclass(frozen=True, slots=True)
class Retention:
    """How long messages are kept after they came last."""

    usual: timedelta
    #: Where a channel says otherwise.
    channels: Mapping[str, timedelta]

    @classmethod
    def of(cls, settings: Settings) -> "Retention":
        """Return what the settings say. A channel that is no longer configured has the usual time."""
        said = {name: channel.retention_s for name, channel in settings.channels.items()}
        channels = {name: timedelta(seconds=each) for name, each in said.items() if each is not None}
        return cls(timedelta(seconds=settings.blobs.retention_s), channels)

    def is_over(self, head: BlobHead, now: datetime) -> bool:
        """Say whether a message's time is over."""
        return head.stored_at + self.channels.get(head.name.channel, self.usual) <= now


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one run did."""

    #: How many blobs it looked at.
    seen: int
    #: How many it deleted, and their bytes together.
    deleted: int
    deleted_bytes: int
    #: Whether it stopped at its limit, so that there may be more to delete.
    stopped: bool


async def prune_blobs(
    blobs: Blobs,
    retention: Retention,
    *,
    now: datetime,
    limit: int = LIMIT,
    dry: bool = False,
    advance: Callable[[int], None] = lambda _looked: None,
) -> Pruned:
    """Delete the messages whose time is over, up to a limit; `dry` deletes nothing and says what would go.

    `advance` hears of how many more were looked at.

    Safe to run many times, and at the same time. A message that comes again in the moment of its deletion may
    lose its page, never its interaction. Raises BlobsUnavailable; what was deleted until then stays deleted.
    """
    seen = deleted = size = 0
    after: BlobName | None = None
    while page := await blobs.page(after=after, limit=PAGE):
        for head in page:
            if deleted == limit:
                return Pruned(seen, deleted, size, stopped=True)
            seen += 1
            if not retention.is_over(head, now):
                continue
            if not dry:
                await blobs.delete(head.name)
            deleted += 1
            size += head.size
        after = page[-1].name
        advance(len(page))
    return Pruned(seen, deleted, size, stopped=False)
