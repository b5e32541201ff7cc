"""Reading JSON."""

import pytest

from connectors.base import UnreadableDelivery
from connectors.webhook.document import DEPTH, read


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    """Return a document nested so many deep."""
    return (opening * depth + "1" + closing * depth).encode()


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'\xef\xbb\xbf{"a": "\\u00e9"}', {"a": "é"}),
        (b"[" * 20 + b"]" * 20 + b" ", None),
        (b"7", 7),
        (b"[" + b"[]," * 50 + b"{}]", [[]] * 50 + [{}]),
    ],
)
def test_json_is_read(body: bytes, document: object) -> None:
    """Any JSON is read; of a key that stands twice the last value wins."""
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
