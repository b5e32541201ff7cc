"""Understanding: what a delivery only points to is fetched once, and why it is not is told."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from connectors.base import OriginalNeeded, Threaded, UnreadableDelivery, Verified
from connectors.understanding import Bring, understand
from tests.connectors.conftest import FIXTURES, Settled
from worker.blob import ObjectName
from worker.errors import BlobsUnavailable, OriginalMissing

Make = Callable[[str], Settled]

MAIL = (FIXTURES / "mime" / "a_mail.http").read_bytes().partition(b"\n\n")[2]
PLACE = ObjectName("mails", "o3vrnil0e2ic")


def verified(settled: Settled, name: str = "in_s3") -> Verified:
    """Return a proved notification."""
    return settled.connector.verify(settled.request((FIXTURES / "ses-inbound" / f"{name}.http").read_bytes()))


def refusing(error: Exception) -> Bring:
    """Return what brings nothing."""

    async def bring(_channel: str, _name: ObjectName) -> bytes:
        raise error

    return bring


@pytest.mark.parametrize("mail", [MAIL, MAIL + b"\n" * 40_000])
def test_what_is_pointed_to_is_fetched_and_is_the_mail(make_settled: Make, mail: bytes) -> None:
    """A large one is read in a thread; either is the same mail as by any other way."""
    settled, asked = make_settled("ses-inbound"), []

    async def bring(channel: str, name: ObjectName) -> bytes:
        asked.append((channel, name))
        return mail

    understood = asyncio.run(understand(settled.connector, verified(settled), bring))
    assert isinstance(understood, Threaded)
    assert understood.originals == (mail,)
    assert asked == [("ses", PLACE)]
    inline = settled.connector.translate(verified(settled, "a_base64"))
    assert isinstance(inline, Threaded)
    if mail == MAIL:
        keys = [each.foreseen[0].idempotency_key for each in (understood, inline)]
        assert keys[0] == keys[1]


def test_what_carries_its_mail_fetches_none(make_settled: Make) -> None:
    """Whoever need not be asked is not asked."""
    settled = make_settled("ses-inbound")
    proved = verified(settled, "a_base64")
    bring = refusing(AssertionError())
    assert isinstance(asyncio.run(understand(settled.connector, proved, bring)), Threaded)


def test_what_cannot_be_had_is_unreadable_and_says_why(make_settled: Make) -> None:
    """So that it is kept, and can be replayed once that is mended."""
    settled = make_settled("ses-inbound")
    bring = refusing(OriginalMissing(f"{PLACE} is not there"))
    with pytest.raises(
        UnreadableDelivery, match="the mail cannot be fetched: s3://mails/o3vrnil0e2ic is not"
    ):
        asyncio.run(understand(settled.connector, verified(settled), bring))


def test_what_cannot_be_had_now_is_another_times(make_settled: Make) -> None:
    """The sender comes again."""
    settled = make_settled("ses-inbound")
    with pytest.raises(BlobsUnavailable):
        asyncio.run(understand(settled.connector, verified(settled), refusing(BlobsUnavailable("away"))))


def test_the_connector_says_what_it_needs(make_settled: Make) -> None:
    """By name, and once: with it, it understands."""
    settled = make_settled("ses-inbound")
    proved = verified(settled)
    with pytest.raises(OriginalNeeded) as raised:
        settled.connector.translate(proved)
    assert raised.value.name == PLACE
    again = replace(proved, delivery=replace(proved.delivery, original=MAIL))
    assert isinstance(settled.connector.translate(again), Threaded)
