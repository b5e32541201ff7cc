"""Characters of strangers."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email.characters import one_line, paragraphs, words

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=200)


@given(ANY_TEXT)
def test_nothing_unfit_remains(text: str) -> None:
    """Neither control characters nor half characters survive; one line is one line, and both are settled."""
    for clean in (one_line, paragraphs):
        cleaned = clean(text)
        assert not any(unicodedata.category(each) in {"Cc", "Cs"} for each in cleaned if each != "\n")
        assert cleaned == cleaned.strip() == clean(cleaned)
        cleaned.encode()
    assert "\n" not in one_line(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a \t b\r\n c", "a b c"),
        ("\ufeffa\x00\x07b", "ab"),
        ("cafe\u0301", "café"),
        ("a\u2028b\x85c\xa0d", "a b c d"),
        ("\ud83d", ""),
        ("😀 👩\u200d🚀", "😀 👩\u200d🚀"),
    ],
)
def test_one_line(text: str, line: str) -> None:
    """White space of every kind becomes one space; what belongs to a picture stays."""
    assert one_line(text) == line


def test_paragraphs_stay() -> None:
    """Lines are kept, spaces at their ends and more than one empty line are not."""
    assert paragraphs("  a  b \r\n\r\n\r\n\r\n c\rd\v\x00 e \n") == "a b\n\nc\nd\ne"


@given(st.text(st.sampled_from(" \n\r\t\vab\xa0\u2028e\u0301\x00"), max_size=30))
def test_tidied_as_a_whole_or_line_by_line(text: str) -> None:
    """A text without odd white space is tidied as one with it is; its words are what stands between gaps."""
    assert paragraphs(text + "\n\tx") == paragraphs(text + "\nx")
    assert words(paragraphs(text)) == " ".join(paragraphs(text).split())


@given(st.text(st.sampled_from(" \n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029ab\u0301"), max_size=20))
def test_every_kind_of_line_end_is_one(text: str) -> None:
    """A text is tidied as a whole as it is line by line, whatever its lines end in."""
    assert paragraphs(f"{text}\nx") == paragraphs(f"{text}\n\tx")
