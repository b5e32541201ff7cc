"""What a reply says, whatever its dialect."""

import pytest

from bridge.conformance.reply import Reply

_JSON = "application/json"


@pytest.mark.parametrize(
    ("body", "content_type", "form"),
    [
        (b"", "", "empty"),
        (b"<html></html>", "text/html; charset=utf-8", "html"),
        (b" <h1>502</h1>", _JSON, "html"),
        (b'{"status": {"code": 0}, "data": {"id": "A"}}', _JSON, "status"),
        (b'{"status": {"code": "SUCCESS"}}', _JSON, "string-codes"),
        (b'{"id": "A"}', _JSON, "bare"),
        (b"[1]", _JSON, "other"),
        (b"no json", _JSON, "other"),
    ],
)
def test_the_form(body: bytes, content_type: str, form: str) -> None:
    """Each way of wrapping an answer has a word."""
    assert Reply(200, body, content_type).form == form


@pytest.mark.parametrize(
    ("http_status", "body", "status"),
    [
        (200, b"", 200),
        (200, b'{"status": {"code": 0}}', 200),
        (200, b'{"status": {"code": "SUCCESS"}}', 200),
        (200, b'{"status": {"code": 404}}', 404),
        (200, b'{"status": {"code": "NOT_FOUND"}}', 404),
        (200, b'{"status": {"code": 7}}', 499),
        (200, b'{"status": {"code": "ODD"}}', 499),
        (409, b'{"status": {"code": 0}}', 409),
    ],
)
def test_the_status(http_status: int, body: bytes, status: int) -> None:
    """A failure that travels in a success is a failure."""
    reply = Reply(http_status, body)
    assert reply.status == status
    assert reply.refused == (status >= 400)


def test_the_interaction() -> None:
    """Its id and its user data are found inside `data` and without it, and where they are not shown."""
    wrapped = Reply(200, b'{"status": {"code": 0}, "data": {"id": "A", "userData": {"k": "v"}}}')
    bare = Reply(200, b'{"interactionId": "B"}')
    silent = Reply(404, b'{"status": {"code": 404}}')
    assert (wrapped.interaction_id, wrapped.user_data) == ("A", {"k": "v"})
    assert (bare.interaction_id, bare.user_data) == ("B", None)
    assert (silent.interaction_id, silent.user_data) == ("", None)
