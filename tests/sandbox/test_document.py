"""Bodies: what is JSON, what is not, and that neither raises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.document import DEPTH_LIMIT, read_document


@pytest.mark.parametrize("value", [None, 1, "ü", [], {"a": [1.5, True]}, "\U0001f600"])
def test_json_is_read(value: object) -> None:
    """A JSON body gives its value, however its text is escaped."""
    for ascii_only in (True, False):
        document = read_document(json.dumps(value, ensure_ascii=ascii_only).encode())
        assert (document.value, document.flaw, document.absent) == (value, None, False)


@pytest.mark.parametrize("raw", [b"", b" \r\n"])
def test_nothing_is_absent(raw: bytes) -> None:
    """No body, or white space, is no body."""
    assert read_document(raw).absent


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"\xff",
        b"NaN",
        b"[Infinity]",
        b"1e999",
        b'"\\ud800"',
        b'{"\\uDFFF": 1}',
        b"1" * 5000,
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"[" * 100_000,
        b"[" * (DEPTH_LIMIT + 1) + b"]" * (DEPTH_LIMIT + 1),
        b'{"a":' * (DEPTH_LIMIT + 1) + b"1" + b"}" * (DEPTH_LIMIT + 1),
    ],
)
def test_what_is_not_json_is_kept_as_text(raw: bytes) -> None:
    """A body that is not JSON has a flaw, and its beginning is kept."""
    document = read_document(raw)
    assert document.flaw
    assert isinstance(document.value, str)


@pytest.mark.parametrize("raw", [b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT, b"[" + b"[]," * 99 + b"[]]"])
def test_deep_and_wide_enough_is_read(raw: bytes) -> None:
    """Nesting up to the limit is fine, and width is not depth."""
    assert read_document(raw).flaw is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"data": {"externalId": "a"}}', "a"),
        (b'{"data": {"externalId": 1}}', None),
        (b'{"data": []}', None),
        (b"[]", None),
    ],
)
def test_the_external_id_asked_for(raw: bytes, expected: str | None) -> None:
    """The external id is found wherever it is text in its place."""
    assert read_document(raw).external_id == expected


@given(st.binary(max_size=200))
def test_no_bytes_raise(raw: bytes) -> None:
    """Whatever the bytes, reading them gives a document that can be written as JSON."""
    json.dumps(read_document(raw).value, allow_nan=False)
