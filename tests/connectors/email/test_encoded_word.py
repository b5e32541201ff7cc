"""Encoded words in headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email.encoded_word import decode_words


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("plain =? text", "plain =? text"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe_aus?= Bonn", "Grüße aus Bonn"),
        ("Re: =?ISO-8859-1?Q?caf=E9?=", "Re: café"),
        ("=?utf-8?b?8J+YgA==?=", "😀"),
        ("=?utf-8?b?8J+YgA?=", "😀"),
        ("=?utf-8?B?8J8=?= =?utf-8?B?mIA=?=", "😀"),
        ("=?utf-8?q?a?=  =?latin-1?q?b?= =?utf-8?q?c?=", "abc"),
        ("=?utf-8?q?a?= and =?utf-8?q?b?=", "a and b"),
        ("x =?utf-8*de?q?a?=", "x a"),
        ("=?utf-8?q?a=5?=", "a=5"),
        ("=?utf-8?b?A?=", "A"),
        ("=?nonsense?q?=FC?=", "ü"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
    ],
)
def test_words_are_decoded(written: str, text: str) -> None:
    """Words are decoded as they stand in the wild: padded or not, cut inside a character, of any charset."""
    assert decode_words(written) == text


@given(st.text(max_size=80) | st.from_regex(r"(=\?utf-8\?[bq]\?[!-~]{0,12}\?= ?){1,3}"))
def test_nothing_raises(written: str) -> None:
    """Any header has a text."""
    assert isinstance(decode_words(written), str)
