"""Keeping: whole messages are kept before the commands that refer to them are submitted.

Killed in between, there is a message that nobody refers to; the prune throws it away.
"""

from typing import Protocol, runtime_checkable

from connectors.base import Connector, Threaded, Understood
from connectors.links import Links
from worker.ports import Door


@runtime_checkable
class Linking(Protocol):
    """A connector that can say in an interaction where the whole message is."""

    def linked(self, links: Links) -> Connector:
        """Return the same connector, with links."""


async def preserve(understood: Understood, channel: str, door: Door) -> None:
    """Keep the whole messages of what was understood, if there are any. Raises StoreUnavailable."""
    if isinstance(understood, Threaded):
        for each in understood.originals:
            await door.preserve(channel, each)
