"""From bytes to text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email.charset import decode


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        ("Grüße".encode(), "utf-8", "Grüße"),
        ("Grüße".encode("latin-1"), "ISO-8859-1", "Grüße"),
        ("привет".encode("koi8-r"), "koi8-r", "привет"),
        ("日本".encode("iso2022_jp"), "iso-2022-jp", "日本"),
        ("日本".encode("utf-16"), "utf-16", "日本"),
        ("Grüße".encode(), "us-ascii", "Grüße"),
        ("Grüße".encode(), None, "Grüße"),
        ("Grüße".encode("cp1252"), None, "Grüße"),
        ("Grüße".encode("cp1252"), "us-ascii", "Grüße"),
        ("Grüße".encode(), "no-such-charset", "Grüße"),
        ("Grüße".encode(), "euc-jp\0", "Grüße"),
        ("Grüße".encode(), "zlib", "Grüße"),
        (rb"a\qb", "unicode_escape", r"a\qb"),
        (b"abc", "undefined", "abc"),
        (b"Gr\xc3\xbc\xff", "utf-8", "Grü�"),
        (b"", "utf-8", ""),
    ],
)
def test_text_is_found(data: bytes, declared: str | None, text: str) -> None:
    """The declared charset is tried, then UTF-8; codecs that are not for mail are not used."""
    assert decode(data, declared) == text


@given(
    data=st.binary(max_size=100),
    declared=st.none() | st.text(max_size=20) | st.sampled_from(["utf-7", "hz", "utf-32"]),
)
def test_there_is_always_text(data: bytes, declared: str | None) -> None:
    """Whatever the bytes and whatever is said of them, the result is text."""
    assert isinstance(decode(data, declared), str)
