"""Reasons become one of few words."""

import pytest

from worker.telemetry.reasons import WHYS, why


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("401 the key is not known", "key_refused"),
        ("403", "key_refused"),
        ("429 too many", "asked_to_wait"),
        ("503 maintenance", "asked_to_wait"),
        ("breaker: 12 of 20 calls failed", "breaker"),
        ("4011 is no status", "other"),
        ("", "other"),
    ],
)
def test_a_reason_has_a_word(reason: str, word: str) -> None:
    """The word is one of those that the gauge lists."""
    assert why(reason) == word
    assert word in WHYS
