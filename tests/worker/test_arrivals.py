"""Arrivals as they are kept."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from worker.arrivals import Arrival, decode, encode

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_what_was_written_is_read() -> None:
    """An arrival comes back as it went, and what it does not say takes no room."""
    whole = Arrival("mail", AT, "accepted", "why", 5, ("c-1", "c-2"), "0" * 32, "letter")
    assert decode(encode(whole)) == whole
    assert encode(Arrival("mail", AT, "accepted")) == (
        b'{"channel":"mail","at":"2026-11-23T12:00:00Z","answer":"accepted"}'
    )


@pytest.mark.parametrize(
    "stored",
    [
        b'{"channel":"no slug","at":"2026-11-23T12:00:00Z","answer":"accepted"}',
        b'{"channel":"mail","at":"2026-11-23T12:00:00","answer":"accepted"}',
        b'{"channel":"mail","at":"2026-11-23T12:00:00Z","answer":"accepted","newer":1}',
        b"nonsense",
    ],
)
def test_what_is_no_arrival_is_refused(stored: bytes) -> None:
    """A name that is no channel's, a time without a zone, a word that we do not know: nothing is guessed."""
    with pytest.raises(ValidationError):
        decode(stored)
