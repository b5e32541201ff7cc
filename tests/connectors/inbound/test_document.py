"""Whatever stands in a provider's JSON, a field has the type it was asked for."""

import pytest

from connectors.base import UnreadableDelivery
from connectors.inbound import document

ODD = {"text": 1, "list": "x", "object": [], "mixed": [1, "a", {}]}


def test_what_has_another_type_is_not_there() -> None:
    """Empty, and no error."""
    assert document.text(ODD, "text") == ""
    assert document.an_object(ODD, "object") == {}
    assert document.objects(ODD, "list") == []
    assert document.objects(ODD, "mixed") == [{}]
    assert document.texts(ODD, "mixed") == ("a",)
    assert document.within("[1]") == document.within("{") == {}
    assert document.within('{"a": 1}') == {"a": 1}


def test_headers_stand_once_or_several_times() -> None:
    """Each with its name."""
    headers = {"Headers": {"Subject": "x", "Received": ["a", 1, "b"], "Odd": None}}
    assert document.grouped_headers(headers, "Headers") == [
        ("Subject", "x"),
        ("Received", "a"),
        ("Received", "b"),
    ]


def test_what_cannot_be_read_is_unreadable() -> None:
    """No object, or no base64."""
    with pytest.raises(UnreadableDelivery, match="no object"):
        document.read_object(b"[]")
    with pytest.raises(UnreadableDelivery, match="an attachment holds no base64"):
        document.decoded("???", "an attachment")
