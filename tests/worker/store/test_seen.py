"""What is remembered of an idempotency key comes back, small enough to be remembered by the million."""

import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.commands import conversation_id
from worker.lanes import Receipt, Seen
from worker.store import seen

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FINGERPRINT = "00ff00ff00ff00ff"
texts = st.text(min_size=1, max_size=60)


def packed(key: str, receipt_id: str, conversation: str) -> bytes:
    """Return what `append.lua` would store."""
    expires, accepted = (
        int(at.timestamp() * 1000).to_bytes(6, "big") for at in (NOW + timedelta(minutes=1), NOW)
    )
    return (
        expires
        + seen.fingerprint(FINGERPRINT)
        + struct.pack(">II", 7, 2)
        + accepted
        + seen.receipt(receipt_id)
        + seen.conversation(key, conversation)
    )


def expected(receipt_id: str, conversation: str, *, duplicate: bool = False) -> Seen:
    """Return what was said."""
    receipt = Receipt(
        id=receipt_id,
        service="support",
        external_id=conversation,
        sequence=7,
        position=2,
        accepted_at=NOW,
        duplicate=duplicate,
    )
    return Seen(receipt, FINGERPRINT, NOW + timedelta(minutes=1))


@given(
    key=st.just("mail:1") | texts,
    receipt_id=st.uuids().map(lambda each: each.hex) | texts,
    conversation=st.text("0123456789abcdef", min_size=22, max_size=22).map("mail-".__add__)
    | st.text(st.characters(min_codepoint=32, exclude_categories=["C"]), min_size=1, max_size=200),
)
def test_what_was_said_under_a_key_comes_back(key: str, receipt_id: str, conversation: str) -> None:
    """Whatever the ids look like."""
    stored = packed(key, receipt_id, conversation)
    assert seen.read("support", "c-1", key, stored) == expected(receipt_id, conversation)
    again = seen.read("support", "c-1", key, stored, duplicate=True)
    assert again == expected(receipt_id, conversation, duplicate=True)


@pytest.mark.parametrize(
    ("named", "conversation"),
    [("", "c-1"), ("|c-2", "c-2"), ("|c|2|", "c|2|")],
    ids=["unsaid", "other", "odd"],
)
def test_what_an_older_bridge_wrote_is_understood(named: str, conversation: str) -> None:
    """The first receipt with its own conversation, the content's fingerprint and the end of the window."""
    stored = b"1795435260000|00ff00ff00ff00ff|r1|7|2|1795435200000" + named.encode()
    assert seen.read("support", "c-1", "mail:1", stored) == expected("r1", conversation)


def test_a_hash_of_keys_stays_one_piece_of_memory() -> None:
    """Redis packs a hash as long as none of its values is over 64 bytes, unless it is told otherwise."""
    value = packed("support-mail:1@example.org", "0" * 32, conversation_id("support-mail", "1@example.org"))
    assert len(value) <= 64


@given(keys=st.sets(texts, min_size=2, max_size=20))
def test_a_key_has_one_place_of_its_own(keys: set[str]) -> None:
    """Always the same bucket, one of 4,096, and a digest that no other key has."""
    assert len({seen.digest(key) for key in keys}) == len(keys)
    assert all(len(seen.digest(key)) == 12 and 0 <= int(seen.bucket(key), 16) < 4096 for key in keys)
    assert [seen.bucket(key) for key in keys] == [seen.bucket(key) for key in keys]
