"""Format: which version of the bridge may work on a store, and with how many partitions.

A bridge reads what the version before it wrote, and leaves alone what the version after it wrote. So one step
up and one step down keep everything; two steps do not, and are refused. The number grows when something is
written that the bridge before cannot read; it never goes down, because what was written stays written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from worker.errors import SettingsError, StoreForeign
from worker.store.link import Linked
from worker.store.scripts import Script

#: The format that this bridge writes.
FORMAT: Final = 1
#: Hash: `format` → the highest that was ever written here; `partitions:<service>` → how many it has;
#: `importing` → the digest of a file, while that is being imported.
KEY: Final = "bridge:{format}:store"

_STAMP: Final = Script.named("stamp")
_PARTITIONS: Final = "partitions:"
_IMPORTING: Final = "importing"
_KEYS_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a store says of itself."""

    #: None where no bridge has worked yet.
    format: int | None
    #: How many partitions each service was filled with.
    partitions: Mapping[str, int]
    #: The digest of the file that is being imported, empty when none is.
    importing: str = ""


def doubts_of(found: int | None, own: int = FORMAT) -> tuple[str, ...]:
    """Return what to say of a store in a format, each as the end of a sentence. Raises StoreForeign."""
    if found is None or found in {own, own - 1}:
        return ()
    if found == own + 1:
        newer = f"was written by a newer bridge (format {found}, this one writes {own})"
        return (f"{newer}: what this one cannot read is left to newer workers",)
    if found > own:
        raise StoreForeign(
            f"the store has format {found}, and this bridge can share it up to {own + 1}: "
            "go back one version at a time, and let each deliver what the one before wrote"
        )
    raise StoreForeign(
        f"the store has format {found}, and this bridge reads from {own - 1} on: "
        "go through the versions between, one after the other"
    )


class RedisFormat(Linked):
    """The stamp in Redis."""

    async def stamp(self) -> Stamp:
        """Return what the store says of itself. Raises StoreUnavailable."""
        found = await self._link.ask(self._link.redis.hgetall(KEY))
        importing = found.pop(_IMPORTING.encode(), b"").decode()
        named = {name.decode(): int(value) for name, value in found.items()}
        partitions = {
            name.removeprefix(_PARTITIONS): count
            for name, count in named.items()
            if name.startswith(_PARTITIONS)
        }
        return Stamp(named.get("format"), partitions, importing)

    async def begin_import(self, digest: str) -> None:
        """Let no bridge start here until the import has ended."""
        await self._link.ask(self._link.redis.hset(KEY, _IMPORTING, digest))

    async def end_import(self, stamp: Stamp) -> None:
        """Stamp the store as the imported one was stamped."""
        # the mark of the import goes last: whatever breaks off, no bridge starts before
        pipeline = self._link.redis.pipeline(transaction=False)
        pipeline.hset(KEY, "format", stamp.format or FORMAT)
        for service, count in stamp.partitions.items():
            pipeline.hset(KEY, _PARTITIONS + service, count)
        pipeline.hdel(KEY, _IMPORTING)
        await self._link.ask(pipeline.execute())

    async def examine(self, partitions: Mapping[str, int]) -> tuple[str, ...]:
        """Return what to say of the store for a bridge with so many partitions of each service.

        Each is the end of a sentence. Raises StoreForeign, SettingsError or StoreUnavailable.
        """
        stamp = await self.stamp()
        if stamp.importing:
            raise StoreForeign(
                "an import into this store has not ended: let it, or do the same import again, "
                "which begins it anew"
            )
        doubts = doubts_of(stamp.format)
        for service, count in partitions.items():
            filled = stamp.partitions.get(service, count)
            if filled != count and await self._has_rows(service):
                raise SettingsError(
                    f"services.{service}.partitions is {count}, but the store was filled with {filled}: "
                    f"its conversations would be looked for in the wrong place; set it back to {filled}"
                )
        return doubts

    async def admit(self, partitions: Mapping[str, int]) -> tuple[str, ...]:
        """Examine the store, and stamp it with what this bridge is going to write."""
        doubts = await self.examine(partitions)
        counts = [text for service, count in partitions.items() for text in (_PARTITIONS + service, count)]
        await self._link.run(_STAMP, (KEY,), FORMAT, *counts)
        return doubts

    async def _has_rows(self, service: str) -> bool:
        rows = self._link.redis.scan_iter(f"bridge:{{{service}/*}}:row:*", _KEYS_AT_ONCE)
        return await self._link.ask(anext(rows, None)) is not None
