"""What is kept of an answer is short, on one line, and without the key."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from worker.api.evidence import identifier, sentence


@settings(deadline=None)
@given(st.text(max_size=400))
def test_a_sentence_fits_on_a_line(text: str) -> None:
    """Never more than 200 characters, never a control character, never half a pair."""
    said = sentence(text)
    assert len(said) <= 200
    assert not {unicodedata.category(character) for character in said} & {"Cc", "Cs", "Zl", "Zp"}


def test_a_long_text_is_cut_with_a_mark() -> None:
    """A cut is visible."""
    assert sentence("a" * 201) == "a" * 199 + "…"
    assert sentence("a" * 200) == "a" * 200
    assert identifier("b" * 101) == "b" * 99 + "…"


def test_control_characters_become_one_space() -> None:
    """A line break or a terminal's escape cannot forge a log line."""
    assert sentence(" one\r\n\x1b[31mtwo\u2028\u202ethree ") == "one [31mtwo three"
    assert identifier("a\nb") == "a b"


def test_the_secret_is_masked_before_the_cut() -> None:
    """Not even the beginning of a key remains at the end of a long text."""
    assert sentence("unknown key k3y-secret", secret="k3y-secret") == "unknown key ***"
    assert "k3y" not in sentence("a" * 196 + "k3y-secret", secret="k3y-secret")
