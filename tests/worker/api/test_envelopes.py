"""Every shape that the contract allows a body to have."""

from typing import Any

import orjson
import pytest

from worker.api.envelopes import Envelope, Garbage, unwrap
from worker.outcomes import Snapshot

FULL = {"id": "00A", "externalId": "mail-1", "state": "Queued", "userData": {"a": 1}, "mediaType": "email"}
SNAPSHOT = Snapshot("00A", "mail-1", "Queued", {"a": 1})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"status": {"code": 0, "message": "OK"}, "data": FULL}, Envelope(0, "OK", "", SNAPSHOT)),
        (
            {"status": {"code": "success"}, "operationId": "op-1", "data": FULL},
            Envelope("SUCCESS", "", "op-1", SNAPSHOT),
        ),
        (FULL, Envelope(snapshot=SNAPSHOT)),
        ({"data": FULL}, Envelope(snapshot=SNAPSHOT)),
        ({"interactionId": "00B"}, Envelope(snapshot=Snapshot("00B"))),
        ({"id": "00C", "status": {"code": 0}, "data": {}}, Envelope(0, snapshot=Snapshot("00C"))),
        ({"status": {"code": "404", "message": "gone"}}, Envelope(404, "gone")),
        ({"status": {}, "message": "beside it"}, Envelope(message="beside it")),
        ({"status": 404, "error": "Not Found"}, Envelope(message="Not Found")),
        ({}, Envelope()),
        ({"status": {"code": 0}, "data": None}, Envelope(0)),
        ({"data": {"id": 7, "userData": [], "state": ""}}, Envelope()),
    ],
)
def test_every_shape_is_understood(body: dict[str, Any], expected: Envelope) -> None:
    """Codes, messages and interactions are found wherever the contract lets them stand."""
    assert unwrap(orjson.dumps(body)) == expected


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_an_empty_body_says_nothing(body: bytes) -> None:
    """An empty body is an envelope without content, not garbage."""
    assert unwrap(body) == Envelope()


@pytest.mark.parametrize(
    ("body", "content_type", "looks"),
    [
        (b"\n<!DOCTYPE html><title>Bad gateway</title>", "", "an HTML page"),
        (b"<HTML>", "", "an HTML page"),
        (b"Bad gateway", "text/html; charset=utf-8", "an HTML page"),
        (b"<error/>", "application/xml", "a body that is not JSON"),
        (b'{"id": "00A"', "application/json", "a body that is not JSON"),
        (b"\xff\xfe", "", "a body that is not JSON"),
        (b"[]", "", "JSON that is not an object"),
        (b"null", "", "JSON that is not an object"),
        (None, "", "a body that is too long"),
        (b"[" * 5000 + b"]" * 5000, "", "a body that is not JSON"),
    ],
)
def test_garbage_is_named(body: bytes | None, content_type: str, looks: str) -> None:
    """What says nothing reliable is garbage, and its kind is told in a few words."""
    assert unwrap(body, content_type=content_type) == Garbage(looks)


@pytest.mark.parametrize("code", [True, 0.0, [], {"code": 0}])
def test_a_code_of_an_unexpected_type_is_no_success(code: object) -> None:
    """A code that is neither a number nor a word is kept as a word that nobody knows."""
    envelope = unwrap(orjson.dumps({"status": {"code": code}}))
    assert envelope == Envelope(repr(code))


@pytest.mark.parametrize("code", [None, "", "  "])
def test_a_missing_code_is_none(code: object) -> None:
    """A code that says nothing counts as absent."""
    assert unwrap(orjson.dumps({"status": {"code": code}})) == Envelope()


@pytest.mark.parametrize("found", ["x" * 65, "a\nb", ".", "..", ""])
def test_an_id_that_no_url_could_carry_is_left_out(found: str) -> None:
    """An id that cannot be used is not remembered; the external id serves as well."""
    assert unwrap(orjson.dumps({"data": {"id": found, "state": "Queued"}})) == Envelope(
        snapshot=Snapshot(state="Queued")
    )
