"""What schemes take out of a delivery nobody has proved."""

from datetime import UTC, datetime

import pytest

from connectors.base import Delivery, Refused
from connectors.headers import Headers
from connectors.signatures import reading


def delivery(*pairs: tuple[str, str], body: bytes = b"", url: str = "") -> Delivery:
    """Return a delivery with these headers."""
    return Delivery("c", Headers(pairs), body, datetime(2026, 11, 23, tzinfo=UTC), url=url)


def test_a_header_is_found_in_any_case_and_without_outer_spaces() -> None:
    """The one header that stands there is returned."""
    assert reading.header(delivery(("x-sig", " a b ")), "X-Sig") == "a b"
    assert reading.header(delivery(("X", "y" * 16384)), "x") == "y" * 16384


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], "0 X-Sig headers instead of one"),
        (["a", "a"], "2 X-Sig headers instead of one"),
        (["y" * 16385], "X-Sig is longer than 16384 characters"),
        (["ä"], "X-Sig holds more than printable ASCII"),
        (["a\x00b"], "X-Sig holds more than printable ASCII"),
        (["\ud800"], "X-Sig holds more than printable ASCII"),
    ],
)
def test_odd_headers_are_refused(values: list[str], reason: str) -> None:
    """Missing, doubled, absurdly long and unprintable ones are named in the log, without their content."""
    with pytest.raises(Refused, match=reason):
        reading.header(delivery(*[("X-Sig", value) for value in values]), "X-Sig")


def test_queries_and_forms_are_read_in_their_order() -> None:
    """Empty and repeated fields are kept."""
    found = delivery(url="https://h/p?b=2&a=&b=%C3%A4#f", body=b"x=1+2&x=%26&y")
    assert reading.query(found) == [("b", "2"), ("a", ""), ("b", "ä")]
    assert reading.form(found) == [("x", "1 2"), ("x", "&"), ("y", "")]
    assert reading.only(reading.form(found), "y") == ""


@pytest.mark.parametrize("name", ["x", "z"])
def test_a_field_has_to_stand_once(name: str) -> None:
    """Missing and doubled ones are Refused."""
    with pytest.raises(Refused, match=f"fields {name} instead of one"):
        reading.only([("x", "1"), ("x", "1")], name)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff=1", "the form is not UTF-8"),
        (b"a=%ff", "the form is not UTF-8"),
        (b"&".join([b"a=1"] * 1001), "the form has more than 1000 fields"),
    ],
)
def test_odd_forms_are_refused(body: bytes, reason: str) -> None:
    """Other charsets and floods of fields are Refused."""
    with pytest.raises(Refused, match=reason):
        reading.form(delivery(body=body))


@pytest.mark.parametrize("url", ["https://[::1/?a=1", "https://h/?a=\ud800", "https://h/?a=%ff"])
def test_odd_urls_are_refused(url: str) -> None:
    """An URL that cannot be read is Refused."""
    with pytest.raises(Refused):
        reading.query(delivery(url=url))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("application/x-www-form-urlencoded", True),
        ("Application/X-WWW-Form-URLencoded; charset=UTF-8", True),
        ("application/json", False),
        ("", False),
    ],
)
def test_forms_say_that_they_are(kind: str, *, expected: bool) -> None:
    """The Content-Type decides, whatever its parameters."""
    assert reading.is_form(delivery(("content-type", kind))) is expected


def test_bytes_are_read_strictly() -> None:
    """Hex and base64 are decoded; anything else in them is Refused."""
    assert reading.from_hex("0aFF", "X") == b"\x0a\xff"
    assert reading.from_base64("Cv8=", "X") == b"\x0a\xff"
    for text in ("0a0", "0x", "ä", " 0a"):
        with pytest.raises(Refused, match="X holds no hex"):
            reading.from_hex(text, "X")
    for text in ("Cv8", "Cv8=\n", "C-_=", "ä==="):
        with pytest.raises(Refused, match="X holds no base64"):
            reading.from_base64(text, "X")
