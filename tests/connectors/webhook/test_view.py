"""What expressions see."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import Delivery, UnreadableDelivery
from connectors.headers import Headers
from connectors.webhook.options import WebhookOptions
from connectors.webhook.view import EVENTS, events, see

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def delivery(body: bytes = b"{}", url: str = "", method: str = "POST", **headers: str) -> Delivery:
    """Return a delivery; underscores in header names are hyphens."""
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Delivery("shop", Headers(pairs), body, NOW, url=url, method=method)


def test_body_headers_and_query_are_seen() -> None:
    """The body is JSON, headers have lower-case names, the query is an object."""
    seen = see(delivery(b'{"a": 1}', "https://x.example/channels/shop?b=2&b=3", X_Event="issues"))
    assert seen == {"body": {"a": 1}, "headers": {"x-event": "issues"}, "query": {"b": ["2", "3"]}}


@pytest.mark.parametrize(
    ("url", "query"),
    [
        ("", {}),
        ("https://x.example/a", {}),
        ("https://[broken/a?b=%3F&c=/?", {"b": "?", "c": "/?"}),
        ("https://x.example/a?b=1#c?d=2", {"b": "1"}),
    ],
)
def test_any_url_has_a_query(url: str, query: object) -> None:
    """Whatever host a sender says it wrote to, its query can be read."""
    assert see(delivery(url=url))["query"] == query


def test_a_query_that_is_no_text_is_unreadable() -> None:
    """Bytes that are not UTF-8 are refused there as in a form."""
    with pytest.raises(UnreadableDelivery, match="not UTF-8"):
        see(delivery(url="https://x.example/a?b=%ff"))


def test_a_header_that_stands_twice_is_one_text() -> None:
    """Values of one name are combined, so that nobody can slip a second one past a rule."""
    twice = Delivery("shop", Headers([("X-Event", "a"), ("x-event", "b")]), b"{}", NOW)
    assert see(twice)["headers"] == {"x-event": "a, b"}


def test_credentials_are_not_seen() -> None:
    """What is not kept with a letter cannot be mapped: read again, it would mean something else."""
    assert see(delivery(Authorization="Bearer x", Cookie="y", Proxy_Authorization="z"))["headers"] == {}


def test_forms_are_seen_as_objects() -> None:
    """A form stands in the body as JSON would."""
    assert see(delivery(b"a=1", Content_Type="application/x-www-form-urlencoded"))["body"] == {"a": "1"}


def test_the_digest_is_there_when_it_is_asked_for() -> None:
    """The SHA-256 of the body costs something, so it is made only for those who ask."""
    assert "digest" not in see(delivery())
    assert see(delivery(b"{}"), digest=True)["digest"] == hashlib.sha256(b"{}").hexdigest()


def test_no_body() -> None:
    """A GET has no body; anything else needs the channel's word that this means something."""
    assert see(delivery(b"", method="GET"))["body"] is None
    assert see(delivery(b""), without_body=True)["body"] is None
    with pytest.raises(UnreadableDelivery, match="not JSON"):
        see(delivery(b""))


def test_compressed_bodies_are_unreadable() -> None:
    """Nothing is unpacked, so nothing can burst."""
    with pytest.raises(UnreadableDelivery, match="compressed"):
        see(delivery(b"\x1f\x8b", Content_Encoding="gzip"))
    assert see(delivery(b"1", Content_Encoding="identity"))["body"] == 1


def each(written: Any) -> Any:  # noqa: ANN401 - as written in a file
    """Return what `each` says."""
    return WebhookOptions.model_validate({"rules": [{"do": "ignore"}], "each": written}).each


def test_one_event_without_a_word() -> None:
    """Where nothing is said of several events, the delivery is the event."""
    assert events({"body": 1}, {}) == [{"body": 1}]


def test_lists_in_lists_are_seen_under_their_names() -> None:
    """Every event sees its own element and those it stands in."""
    body = {"entry": [{"id": 1, "list": ["a", "b"]}, {"id": 2, "list": []}, {"id": 3, "list": ["c"]}]}
    found = events({"body": body}, each({"entry": "body.entry", "word": "entry.list"}))
    assert [(event["entry"]["id"], event["word"]) for event in found] == [(1, "a"), (1, "b"), (3, "c")]  # type: ignore[call-overload,index]
    assert all(event["body"] is body for event in found)


@pytest.mark.parametrize("body", [{}, {"list": None}, {"list": {}}, {"list": "ab"}, []])
def test_no_list_is_unreadable(body: Any) -> None:  # noqa: ANN401 - any JSON
    """A delivery without the list is not one without events: it is not understood."""
    with pytest.raises(UnreadableDelivery, match=r"`each\.item` finds no list"):
        events({"body": body}, each("body.list"))


def test_a_list_has_its_limit() -> None:
    """More events than a delivery may hold are unreadable, also when small lists multiply."""
    assert len(events({"body": [0] * EVENTS}, each("body"))) == EVENTS
    with pytest.raises(UnreadableDelivery, match="more than 500 events"):
        events({"body": [0] * (EVENTS + 1)}, each("body"))
    with pytest.raises(UnreadableDelivery, match="more than 500 events"):
        events({"body": [0] * 30}, each({"one": "body", "two": "body"}))
