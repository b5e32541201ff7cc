"""Both kinds of blobs keep the promises of `worker.ports.Blobs`."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from worker.blob import BlobHead, BlobName
from worker.ports import Blobs

Open = Callable[[], Blobs]

MAIL = b"Subject: Hello\r\n\r\n\x00\xff"


def test_what_was_put_is_found_again(open_blobs: Open) -> None:
    """Another process finds the very bytes, their size and their age."""
    name = BlobName.of("mail", MAIL)
    before = datetime.now(UTC) - timedelta(seconds=2)  # a bucket's clock counts whole seconds
    asyncio.run(open_blobs().put(name, MAIL))
    after = datetime.now(UTC)
    assert asyncio.run(open_blobs().get(name)) == MAIL
    head = asyncio.run(open_blobs().head(name))
    assert head is not None
    assert (head.name, head.size) == (name, len(MAIL))
    assert before <= head.stored_at <= after


def test_what_is_not_there_is_none(open_blobs: Open) -> None:
    """Neither a channel's blob nor the same bytes of another channel."""
    blobs = open_blobs()
    asyncio.run(blobs.put(BlobName.of("mail", MAIL), MAIL))
    for name in (BlobName.of("mail", b"other"), BlobName.of("chat", MAIL)):
        assert asyncio.run(blobs.get(name)) is None
        assert asyncio.run(blobs.head(name)) is None


def test_putting_twice_is_putting_once(open_blobs: Open) -> None:
    """The same bytes again change nothing, at the same time neither."""

    async def twice() -> tuple[BlobHead, ...]:
        blobs, name = open_blobs(), BlobName.of("mail", MAIL)
        await asyncio.gather(*(blobs.put(name, MAIL) for _ in range(8)))
        await blobs.put(name, MAIL)
        assert await blobs.get(name) == MAIL
        return await blobs.page(after=None, limit=10)

    assert len(asyncio.run(twice())) == 1


def test_a_deleted_blob_is_gone(open_blobs: Open) -> None:
    """Deleting it again is no mistake."""

    async def delete() -> None:
        blobs, name = open_blobs(), BlobName.of("mail", MAIL)
        await blobs.put(name, MAIL)
        await blobs.delete(name)
        await blobs.delete(name)
        assert await blobs.get(name) is None
        assert await blobs.page(after=None, limit=10) == ()

    asyncio.run(delete())


def test_pages_show_every_blob_once(open_blobs: Open) -> None:
    """Whatever the size of the page, all blobs of all channels come by, in an order that stays."""
    names = {BlobName.of(channel, bytes([at])) for channel in ("mail", "mail-2", "a.b") for at in range(7)}

    async def paged(blobs: Blobs, limit: int) -> list[BlobName]:
        found: list[BlobName] = []
        while page := await blobs.page(after=found[-1] if found else None, limit=limit):
            assert len(page) <= limit
            found += [head.name for head in page]
        return found

    async def both() -> Iterator[list[BlobName]]:
        blobs = open_blobs()
        for name in names:
            await blobs.put(name, b"x")
        return iter([await paged(blobs, 4), await paged(open_blobs(), 1000)])

    small, large = asyncio.run(both())
    assert small == large
    assert set(large) == names
    assert len(large) == len(names)


def test_a_large_mail_is_kept_whole(open_blobs: Open) -> None:
    """Thirty megabytes are the most that the mail door takes."""
    mail = bytes(range(256)) * (30 * 4096)
    name = BlobName.of("mail", mail)
    asyncio.run(open_blobs().put(name, mail))
    assert asyncio.run(open_blobs().get(name)) == mail


def test_an_empty_store_has_no_pages(open_blobs: Open) -> None:
    """Nothing was ever put, and that is no mistake."""
    assert asyncio.run(open_blobs().page(after=None, limit=10)) == ()
