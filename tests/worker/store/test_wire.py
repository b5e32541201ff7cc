"""What stands in Redis comes back as it was, and what a newer bridge wrote is left alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.commands import Create, Update, encode
from worker.interactions import Interaction, State
from worker.lanes import Entry
from worker.store import wire

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CREATE = Create(
    service="support",
    external_id="c-1",
    idempotency_key="mail:1",
    channel="mail",
    received_at=NOW,
    user_data={"pipe": "a|b|c"},
)
moments = st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1), max_value=datetime(9999, 1, 1))  # noqa: DTZ001 - hypothesis adds the zone


@given(moment=moments)
def test_a_moment_comes_back_to_the_millisecond(moment: datetime) -> None:
    """Rounded down, as Redis keeps it."""
    back = wire.moment(wire.millis(moment))
    assert timedelta() <= moment - back < timedelta(milliseconds=1)


def test_scores_of_sorted_sets_are_moments_too() -> None:
    """Redis gives them as floats."""
    assert wire.moment(1_795_435_200_000.0) == NOW
    assert wire.millis(NOW) == 1_795_435_200_000


def test_a_queued_command_comes_back() -> None:
    """Bars in its content do not cut it."""
    queued = wire.queued(b"7|r1|1795435200000|" + encode(CREATE))
    assert (queued.sequence, queued.receipt_id, queued.accepted_at) == (7, "r1", NOW)
    assert queued.command == CREATE


@pytest.mark.parametrize("body", [b'{"kind": "merge"}', b"{}", b"|", b"\xff", b""])
def test_a_command_of_a_newer_bridge_is_not_read(body: bytes) -> None:
    """Its place in the lane is known; its content waits for a worker that can read it."""
    queued = wire.queued(b"7|r1|1795435200000|" + body)
    assert (queued.sequence, queued.command) == (7, None)


def test_a_row_comes_back() -> None:
    """What it does not say is not written."""
    row = Interaction(service="support", external_id="c-1").opened(
        interaction_id="I1", channel="mail", at=NOW
    )
    assert wire.interaction("support", "c-1", wire.record(row)) == row
    assert b"ended_at" not in wire.record(row)


@pytest.mark.parametrize("stored", [None, b""])
def test_a_conversation_without_a_row_is_new(stored: bytes | None) -> None:
    """Nothing was settled yet."""
    row = wire.interaction("support", "c-1", stored)
    assert (row.service, row.external_id, row.state) == ("support", "c-1", State.NEW)


@pytest.mark.parametrize(
    "stored",
    [
        b'{"service":"support","external_id":"c-1","queue":"vip"}',
        b'{"service":"support","external_id":"c-1","state":"parked"}',
        b"not JSON",
    ],
)
def test_a_row_of_a_newer_bridge_is_not_read(stored: bytes) -> None:
    """It is not taken for a new conversation: nothing is known of it."""
    assert wire.interaction("support", "c-1", stored) is None


def test_a_line_of_history_comes_back() -> None:
    """With its detail, and as one line."""
    entry = Entry(at=NOW, event="deferred", sequence=3, detail={"reason": "two\nlines", "n": 1})
    assert wire.entries([wire.line(entry)]) == (entry,)
    assert b"\n" not in wire.line(entry)


@pytest.mark.parametrize("newer", [b'{"at":1,"urgency":"high"}', b"not JSON"])
def test_a_line_of_a_newer_bridge_hides_no_other(newer: bytes) -> None:
    """What can be read of a history is shown."""
    entry = Entry(at=NOW, event="deferred", sequence=3)
    assert wire.entries([newer, wire.line(entry)]) == (entry,)


@given(sequence=st.integers(1, 10**12), trace_id=st.sampled_from(["", "ab" * 16]))
def test_the_line_of_an_arrival_is_whole_once_its_number_is_known(sequence: int, trace_id: str) -> None:
    """The store puts the sequence number where the line was cut."""
    update = Update(
        service="support",
        external_id="c-1",
        idempotency_key="mail:1",
        channel="mail",
        received_at=NOW,
        trace_id=trace_id,
    )
    detail = {"kind": "update", "channel": "mail"}
    for letter_id, event, told in (("", "received", detail), ("d1", "replayed", {**detail, "letter": "d1"})):
        before, after = wire.received(update, NOW, letter_id=letter_id)
        (entry,) = wire.entries([before + str(sequence).encode() + after])
        assert entry == Entry(at=NOW, event=event, sequence=sequence, trace_id=trace_id, detail=told)
