"""`bridge mail prune`: whole messages go when their time is over."""

import json
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from bridge.progress import progress
from bridge.screen import Screen
from bridge.session import session
from worker.expiry import Pruned, Retention, prune_blobs


async def prune(screen: Screen, *, limit: int, dry: bool) -> Pruned:
    """Delete what is over and return what was done. For entry points only. Raises BridgeError."""
    async with session() as bridge:
        if bridge.blobs is None:
            return Pruned(0, 0, 0, stopped=False)
        retention = Retention.of(bridge.settings)
        with progress(screen, "messages looked at") as advance:
            return await prune_blobs(
                bridge.blobs, retention, now=bridge.clock(), limit=limit, dry=dry, advance=advance
            )


def as_json(pruned: Pruned) -> str:
    """Return what was done as one line of JSON."""
    return json.dumps(asdict(pruned))


def print_pruned(pruned: Pruned, console: Console, *, dry: bool) -> None:
    """Write it for a person."""
    what = "would be deleted" if dry else "deleted"
    size = pruned.deleted_bytes / 1024 / 1024
    more = "; there may be more: run it again" if pruned.stopped else ""
    console.print(Text(f"{pruned.deleted} of {pruned.seen} messages {what}, {size:.1f} MiB{more}"))
