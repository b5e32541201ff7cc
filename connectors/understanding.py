"""Understanding: a delivery translated, with the mail that it only points to fetched before.

The connector says what it needs and does no I/O; whoever runs it fetches. Both the doors and the second
reading of a kept delivery go this way.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from connectors.base import Connector, OriginalNeeded, Understood, UnreadableDelivery, Verified
from worker.blob import ObjectName
from worker.errors import OriginalMissing

# Above this a translation could hold up every other sender, so it goes to a thread.
_LARGE_BYTES: Final = 32 * 1024

#: Returns a channel's mail. Raises OriginalMissing where it cannot be had, StoreUnavailable where it cannot
#: be had now.
Bring = Callable[[str, ObjectName], Awaitable[bytes]]


async def understand(connector: Connector, verified: Verified, bring: Bring) -> Understood:
    """Return what a delivery asks for. Raises UnreadableDelivery, or StoreUnavailable for another time."""
    try:
        return await _translate(connector, verified)
    except OriginalNeeded as needed:
        name = needed.name
    try:
        original = await bring(connector.channel, name)
    except OriginalMissing as error:
        raise UnreadableDelivery(f"the mail cannot be fetched: {error}") from error
    return await _translate(
        connector, replace(verified, delivery=replace(verified.delivery, original=original))
    )


async def _translate(connector: Connector, verified: Verified) -> Understood:
    delivery = verified.delivery
    if len(delivery.body) + len(delivery.original or b"") > _LARGE_BYTES:
        return await asyncio.to_thread(connector.translate, verified)
    return connector.translate(verified)
