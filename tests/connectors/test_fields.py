"""A form's fields are read byte for byte, files among them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import UnreadableDelivery
from connectors.fields import FIELDS, Field, read_fields

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


def multipart(name: bytes, content: bytes, more: bytes = b"") -> bytes:
    """Return a form of one part."""
    head = b'--b\r\nContent-Disposition: form-data; name="' + name + b'"' + more
    return head + b"\r\n\r\n" + content + b"\r\n--b--\r\n"


def test_bytes_stay_bytes() -> None:
    """In both writings, whatever charset they are in."""
    assert read_fields(b"mail=Gr%FC%DFe+x", URLENCODED).first("mail") == Field("mail", b"Gr\xfc\xdfe x")
    assert read_fields(multipart(b"mail", b"Gr\xfc\r\n\x00"), MULTIPART).first("mail") == Field(
        "mail", b"Gr\xfc\r\n\x00"
    )


def test_files_have_their_names_and_types() -> None:
    """And an empty name is still a file's."""
    more = b'; filename="a.pdf"\r\nContent-Type: application/pdf'
    (found,) = read_fields(multipart(b"attachment-1", b"%PDF", more), MULTIPART)
    assert found == Field("attachment-1", b"%PDF", "a.pdf", "application/pdf")
    (nameless,) = read_fields(multipart(b"attachment-1", b"%PDF", b'; filename=""'), MULTIPART)
    assert nameless.file_name == ""


def test_names_that_stand_twice_are_both_there() -> None:
    """Who proves them has to see it."""
    fields = read_fields(b"a=1&b=2&a=3", URLENCODED)
    assert [each.text for each in fields.all("a")] == ["1", "3"]
    assert fields.text("a") == "1"
    assert fields.text("c") == ""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b"a=1", ""),
        (multipart(b"a", b"1")[:-4], MULTIPART),
        (multipart(b"a", b"1"), "multipart/form-data"),
        (b"--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--\r\n", MULTIPART),
        (b"&".join([b"a=1"] * (FIELDS + 1)), URLENCODED),
        (multipart(b"a", b"1")[:-7] * (FIELDS + 1) + b"--b--\r\n", MULTIPART),
    ],
)
def test_what_is_no_form_is_unreadable(body: bytes, kind: str) -> None:
    """With the reason."""
    with pytest.raises(UnreadableDelivery):
        read_fields(body, kind)


@given(st.binary(max_size=300), st.sampled_from([URLENCODED, MULTIPART]))
def test_no_bytes_break_it(body: bytes, kind: str) -> None:
    """They are fields, or unreadable."""
    with contextlib.suppress(UnreadableDelivery):
        assert all(isinstance(each.text, str) for each in read_fields(body, kind))
