"""Mailboxes are read by one at a time, forget no mark, and move none back: both stores alike."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from worker.mailboxes import Filing, Hold, Progress, Taken, Tries
from worker.ports import Store

T0 = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
MEMORY = timedelta(days=30)

Run = Callable[[Callable[[Store], Awaitable[None]]], None]


def after(seconds: float) -> datetime:
    """Return a moment so many seconds after the beginning."""
    return T0 + timedelta(seconds=seconds)


def mail(uid: int, *, at: datetime = T0, filing: Filing = Filing.DONE) -> Taken:
    """Return a mail that was taken; its conversation has everything in its name that could be misread."""
    return Taken(f"{uid:032x}", uid, filing, "accepted", at, f"a|b:{uid}", letter="")


async def held(store: Store, token: str = "one", now: datetime = T0) -> Hold:  # noqa: S107 - no secret
    """Take the mailbox, which must be free."""
    hold = await store.take_mailbox("mail", token=token, lease=LEASE, now=now)
    assert hold is not None
    return hold


async def advance(store: Store, hold: Hold, taken: Taken, now: datetime = T0) -> bool:
    """See to one mail."""
    return await store.advance_mailbox(hold, taken.uid, taken, lease=LEASE, memory=MEMORY, now=now)


def test_one_reader_at_a_time(run: Run) -> None:
    """While a lease runs nobody else gets the mailbox; the holder may ask again; other mailboxes are free."""

    async def body(store: Store) -> None:
        hold = await held(store)
        assert await store.take_mailbox("mail", token="two", lease=LEASE, now=after(59)) is None
        assert await held(store, "one", after(59)) == hold
        assert await store.take_mailbox("mail", token="two", lease=LEASE, now=after(118)) is None
        assert await store.take_mailbox("other", token="two", lease=LEASE, now=T0) is not None
        second = await held(store, "two", after(119))
        assert second.fence == hold.fence + 1

    run(body)


def test_whoever_lost_it_changes_nothing(run: Run) -> None:
    """Every verb of a holder whose place was taken is refused, and leaves no trace."""

    async def body(store: Store) -> None:
        stale = await held(store)
        await store.renumber_mailbox(stale, 7)
        await advance(store, stale, mail(5))
        fresh = await held(store, "two", after(60))
        before = await store.mailbox_progress("mail")
        assert not await store.renew_mailbox(stale, lease=LEASE, now=after(61))
        assert not await store.renumber_mailbox(stale, 8)
        assert await store.try_mail(stale, 6, token="t", now=after(61)) is None
        assert not await advance(store, stale, mail(6), after(61))
        assert not await store.mails_filed(stale, [5])
        await store.release_mailbox(stale, now=after(61))
        assert await store.mailbox_progress("mail") == before == Progress(7, 5, {5: Filing.DONE})
        assert await store.mails_taken("mail", [mail(6).digest]) == (None,)
        assert await store.take_mailbox("mail", token="three", lease=LEASE, now=after(62)) is None
        assert await store.renew_mailbox(fresh, lease=LEASE, now=after(62))

    run(body)


def test_a_lease_that_nobody_took_over_still_counts(run: Run) -> None:
    """A holder that was slow may go on: its fence is the last one."""

    async def body(store: Store) -> None:
        hold = await held(store)
        assert await advance(store, hold, mail(5), after(500))
        assert await store.take_mailbox("mail", token="two", lease=LEASE, now=after(559)) is None

    run(body)


def test_released_is_free_at_once(run: Run) -> None:
    """The next one need not wait for the lease's end."""

    async def body(store: Store) -> None:
        hold = await held(store)
        await store.release_mailbox(hold, now=after(1))
        assert (await held(store, "two", after(1))).fence == hold.fence + 1

    run(body)


def test_the_mark_never_goes_back(run: Run) -> None:
    """A straggler below the mark is remembered and to be filed, and the mark stays."""

    async def body(store: Store) -> None:
        hold = await held(store)
        assert await store.mailbox_progress("mail") == Progress()
        await store.renumber_mailbox(hold, 7)
        await advance(store, hold, mail(4_294_967_295))
        await advance(store, hold, mail(3, filing=Filing.FAILED))
        found = await store.mailbox_progress("mail")
        assert found == Progress(7, 4_294_967_295, {4_294_967_295: Filing.DONE, 3: Filing.FAILED})
        assert await store.mails_filed(hold, [3, 99])
        assert (await store.mailbox_progress("mail")).unfiled == {4_294_967_295: Filing.DONE}

    run(body)


def test_a_mail_that_is_gone_only_moves_the_mark(run: Run) -> None:
    """There is nothing to file and nothing to remember."""

    async def body(store: Store) -> None:
        hold = await held(store)
        await store.advance_mailbox(hold, 9, None, lease=LEASE, memory=MEMORY, now=T0)
        assert await store.mailbox_progress("mail") == Progress(0, 9, {})
        assert await store.mails_taken_since("mail", T0) == ()

    run(body)


def test_new_numbers_begin_from_the_first_mail(run: Run) -> None:
    """Another UIDVALIDITY takes back the mark and what was to be filed, not which mails were taken."""

    async def body(store: Store) -> None:
        hold = await held(store)
        await store.renumber_mailbox(hold, 7)
        await advance(store, hold, mail(5))
        assert await store.renumber_mailbox(hold, 7)
        assert (await store.mailbox_progress("mail")).mark == 5
        assert await store.renumber_mailbox(hold, 8)
        assert await store.mailbox_progress("mail") == Progress(8, 0, {})
        assert await store.mails_taken("mail", [mail(5).digest, mail(6).digest]) == (mail(5), None)

    run(body)


def test_mails_are_remembered_for_their_time(run: Run) -> None:
    """What is older than the memory is forgotten when a later mail is taken; the rest is listed in order."""

    async def body(store: Store) -> None:
        hold = await held(store)
        # Redis forgets by its own clock, so the old one is old here and young there, or the other way round.
        now = datetime.now(UTC).replace(microsecond=0)
        old, young = mail(1, at=now - MEMORY), mail(2, at=now)
        await advance(store, hold, old, now - MEMORY)
        assert await store.mails_taken_since("mail", now - MEMORY) == (old,)
        await advance(store, hold, young, now)
        assert await store.mails_taken_since("mail", now - 2 * MEMORY) == (young,)
        assert await store.mails_taken("mail", []) == ()

    run(body)


def test_tries_are_counted(run: Run) -> None:
    """Each try of the same mail counts once, whoever makes it; another mail or a success begins anew."""

    async def body(store: Store) -> None:
        hold = await held(store)
        assert await store.try_mail(hold, 5, token="a", now=T0) == Tries(1, T0)
        assert await store.try_mail(hold, 5, token="a", now=after(1)) == Tries(1, T0)
        assert await store.try_mail(hold, 5, token="b", now=after(2)) == Tries(2, T0)
        hold = await held(store, "two", after(60))
        assert await store.try_mail(hold, 5, token="c", now=after(61)) == Tries(3, T0)
        assert await store.try_mail(hold, 6, token="d", now=after(62)) == Tries(1, after(62))
        await advance(store, hold, mail(6), after(63))
        assert await store.try_mail(hold, 6, token="e", now=after(64)) == Tries(1, after(64))

    run(body)
