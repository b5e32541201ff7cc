"""Blobs in a bucket that speaks S3: Amazon's, or another one with an endpoint of its own.

The library's blocking calls run in threads. Its own coroutines hand results over from threads that Python
does not know; a process that ended in that moment was seen to abort.
"""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from worker.blob import BlobHead, BlobName
from worker.blobs.layout import name_at, path_of
from worker.blobs.s3 import open_s3, said
from worker.errors import BlobsUnavailable

#: The most that S3 lists at once.
_CHUNK: Final = 1000

Value = TypeVar("Value")


class BucketBlobs:
    """Implements `worker.ports.Blobs`."""

    def __init__(self, store: S3Store, place: str) -> None:
        self._store = store
        self._place = place

    @classmethod
    def open(
        cls,
        bucket: str,
        *,
        prefix: str = "",
        endpoint: str = "",
        region: str = "",
        access_key: str = "",
        secret_key: str = "",
        timeout_s: float,
    ) -> "BucketBlobs":
        """Return the blobs of a bucket, see `s3.open_s3`; nothing is asked of it yet."""
        store = open_s3(
            bucket,
            prefix=prefix,
            endpoint=endpoint,
            region=region,
            access_key=access_key,
            secret_key=secret_key,
            timeout_s=timeout_s,
        )
        return cls(store, f"s3://{bucket}")

    async def put(self, name: BlobName, content: bytes) -> None:
        """See `worker.ports.Blobs.put`."""
        # In one piece: what is aborted between the pieces would stay, invisible and paid for.
        await self._call(lambda: obstore.put(self._store, path_of(name), content, use_multipart=False))

    async def get(self, name: BlobName) -> bytes | None:
        """See `worker.ports.Blobs.get`."""
        return await self._find(lambda: bytes(obstore.get(self._store, path_of(name)).bytes()))

    async def head(self, name: BlobName) -> BlobHead | None:
        """See `worker.ports.Blobs.head`."""
        found = await self._find(lambda: obstore.head(self._store, path_of(name)))
        return found and BlobHead(name, found["last_modified"], found["size"])

    async def delete(self, name: BlobName) -> None:
        """See `worker.ports.Blobs.delete`."""
        await self._find(lambda: obstore.delete(self._store, path_of(name)))

    async def page(self, *, after: BlobName | None, limit: int) -> tuple[BlobHead, ...]:
        """See `worker.ports.Blobs.page`."""
        return await self._call(lambda: self._page(after, limit))

    def _page(self, after: BlobName | None, limit: int) -> tuple[BlobHead, ...]:
        heads: list[BlobHead] = []
        offset = path_of(after) if after else None
        for chunk in obstore.list(self._store, offset=offset, chunk_size=min(limit, _CHUNK)):
            for each in chunk:
                name = name_at(each["path"])
                if name:
                    heads.append(BlobHead(name, each["last_modified"], each["size"]))
            if len(heads) >= limit:
                break
        return tuple(heads[:limit])

    async def _find(self, call: Callable[[], Value]) -> Value | None:
        def find() -> Value | None:
            try:
                return call()
            except FileNotFoundError:
                return None

        return await self._call(find)

    async def _call(self, call: Callable[[], Value]) -> Value:
        try:
            return await asyncio.to_thread(call)
        except (BaseError, OSError) as error:
            raise BlobsUnavailable(f"the blobs in {self._place} cannot be reached: {said(error)}") from error
