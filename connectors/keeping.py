"""Keeping: whole messages are kept before the commands that refer to them are submitted.

Killed in between, there is a message that nobody refers to; the prune throws it away.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from connectors.base import Connector, Verified
from connectors.links import Links
from worker.ports import Door


class Keeping(Protocol):
    """A connector whose messages are kept whole."""

    def originals(self, verified: Verified) -> tuple[bytes, ...]:
        """Return the messages of a delivery that `translate` understood, byte for byte."""


@runtime_checkable
class Linking(Protocol):
    """A connector that can say in an interaction where the whole message is."""

    def linked(self, links: Links) -> Connector:
        """Return the same connector, with links."""


async def preserve(connector: Connector, verified: Verified, door: Door) -> None:
    """Keep the messages of a delivery, if its connector wants that. Raises StoreUnavailable."""
    # Asked for every webhook as well: looking for the method costs a hundredth of `isinstance` of a protocol.
    originals: Callable[[Verified], tuple[bytes, ...]] | None = getattr(connector, "originals", None)
    if originals is None:
        return
    for each in await asyncio.to_thread(originals, verified):
        await door.preserve(connector.channel, each)
