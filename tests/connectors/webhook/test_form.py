"""Reading forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import UnreadableDelivery
from connectors.webhook.form import FIELDS, fields, is_form, read_form

URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=Line7"


def parts(*pairs: tuple[str, str]) -> bytes:
    """Return a multipart body: each part's parameters and its content."""
    body = "".join(
        "--Line7\r\nContent-Type: text/plain\r\n"
        f"Content-Disposition: form-data{parameters}\r\n\r\n{content}\r\n"
        for parameters, content in pairs
    )
    return f"{body}--Line7--\r\n".encode()


def test_a_form_is_known_by_its_content_type() -> None:
    """Both kinds of form are known, with parameters and in any letter case."""
    assert is_form("Application/X-WWW-Form-UrlEncoded ; charset=UTF-8")
    assert is_form(MULTIPART)
    assert not is_form("application/json")
    assert not is_form("")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"a=1&b=x+y%20z&c=", {"a": "1", "b": "x y z", "c": ""}),
        (b"a=1&b=2&a=3", {"a": ["1", "3"], "b": "2"}),
        (b"n=J%C3%B6rg&%C3%BC=1", {"n": "Jörg", "ü": "1"}),
        ("n=Jörg".encode(), {"n": "Jörg"}),
        (b"a", {"a": ""}),
        (b"a=%zz", {"a": "%zz"}),
        (b"", {}),
    ],
)
def test_url_encoded_fields(body: bytes, found: object) -> None:
    """A field is text; one that stands several times is a list; nothing is dropped for being empty."""
    assert read_form(body, URL_ENCODED) == found


def test_multipart_fields() -> None:
    """Parts are fields, their line ends as they were sent."""
    body = parts(('; name="a"', "one\r\ntwo"), ("; name=b", ""), ('; name="ä"', "Jörg"), ('; name="a"', "x"))
    assert read_form(body, MULTIPART) == {"a": ["one\r\ntwo", "x"], "b": "", "ä": "Jörg"}


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"n=J%F6rg", URL_ENCODED, "not UTF-8"),
        (b"n=J\xf6rg", URL_ENCODED, "not UTF-8"),
        (b"n=1", URL_ENCODED + "; charset=iso-8859-1", "another charset"),
        (b"&".join([b"a=1"] * (FIELDS + 1)), URL_ENCODED, "more than 1000 fields"),
        (parts(*[('; name="a"', "")] * (FIELDS + 1)), MULTIPART, "more than 1000 fields"),
        (parts(('; name="a"; filename="a.txt"', "x")), MULTIPART, "has a file"),
        (parts(("", "x")), MULTIPART, "has no name"),
        (parts(('; name="a"', "x"))[:-4], MULTIPART, "ends before"),
        (b"", MULTIPART, "ends before"),
        (b"garbage", MULTIPART, "not multipart"),
        (parts(('; name="a"', "x")), "multipart/form-data", "not multipart"),
        (parts(('; name="a"', "x")).replace(b"x\r", b"\xf6\r"), MULTIPART, "not UTF-8"),
    ],
)
def test_anything_else_is_unreadable(body: bytes, content_type: str, reason: str) -> None:
    """What is not strictly a form of texts in UTF-8 is unreadable, and the reason says why."""
    with pytest.raises(UnreadableDelivery, match=reason):
        read_form(body, content_type)


@pytest.mark.parametrize("body", [b'{"ticket": "1=2&b"}', b"[1, 2]"])
def test_json_that_calls_itself_a_form_is_told_so(body: bytes) -> None:
    """Whoever tries a channel by `curl --data` learns what to do."""
    with pytest.raises(UnreadableDelivery, match=r"is JSON, .*: send it as application/json"):
        read_form(body, URL_ENCODED)
    assert read_form(body + b"&a=1", URL_ENCODED)["a"] == "1"


def test_a_query_is_read_in_the_same_way() -> None:
    """The query of a URL is fields as well."""
    assert fields("hub.mode=subscribe&hub.challenge=1") == {"hub.mode": "subscribe", "hub.challenge": "1"}


@given(body=st.binary(max_size=200), content_type=st.sampled_from([URL_ENCODED, MULTIPART]))
def test_arbitrary_bytes_are_fields_or_unreadable(body: bytes, content_type: str) -> None:
    """No body makes the reader fail in another way."""
    try:
        found = read_form(body, content_type)
    except UnreadableDelivery:
        return
    assert all(isinstance(value, str | list) for value in found.values())
