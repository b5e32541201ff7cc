"""Reading JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import UnreadableDelivery
from connectors.nesting import DEPTH
from connectors.webhook.document import read


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    """Return a document nested so many deep."""
    return (opening * depth + "1" + closing * depth).encode()


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b'{"a": "\\"a\\": \\\\", "b": {"a": "\\\\\\""}}', {"a": '"a": \\', "b": {"a": '\\"'}}),
        (b'{"a": "x\\u005c", "b": "\\u0022\\u005c\\u0022"}', {"a": "x\\", "b": '"\\"'}),
        (b'\xef\xbb\xbf{"a": "\\u00e9"}', {"a": "é"}),
        (b"[" * 20 + b"]" * 20 + b" ", None),
        (b"7", 7),
        (b"[" + b"[]," * 50 + b"{}]", [[]] * 50 + [{}]),
    ],
)
def test_json_is_read(body: bytes, document: object) -> None:
    """Any JSON is read, whatever stands in its strings."""
    found = read(body)
    assert document is None or found == document


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"a=b",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": 1} {}',
        nested(5000),
    ],
)
def test_anything_else_is_unreadable(body: bytes) -> None:
    """What is not strictly JSON in UTF-8 is unreadable."""
    with pytest.raises(UnreadableDelivery, match="not JSON"):
        read(body)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_deep_nesting_is_unreadable(opening: str, closing: str) -> None:
    """The deepest document that is accepted is exactly so deep."""
    step = opening.count("[") + opening.count("{")
    assert read(nested(DEPTH // step, opening, closing))
    with pytest.raises(UnreadableDelivery, match="deep"):
        read(nested(DEPTH // step + 1, opening, closing))


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}',
        b'{"a": 1, "\\u0061": 2}',
        b'{"b": [{"a": "\\\\", "c": 1, "a": "\\""}]}',
        b'{"a": {"x": "y"}, "a": {}}',
        b'{"": 1, "": 1}',
    ],
)
def test_a_key_that_stands_twice_is_unreadable(body: bytes) -> None:
    """Who reads the first value and who reads the last would understand two different things."""
    with pytest.raises(UnreadableDelivery, match="stands twice"):
        read(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('a"\\\n\u00e9', max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('a"\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(document=JSON, ascii_only=st.booleans(), indent=st.sampled_from([None, 2]))
def test_no_document_is_refused_for_its_strings(
    document: object,
    ascii_only: bool,  # noqa: FBT001 - hypothesis gives it
    indent: int | None,
) -> None:
    """Quotation marks and backslashes in strings, however they are written, are not taken for keys."""
    assert read(json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode()) == document
