"""What an answer means: the contract's table, and nothing raised for whatever comes."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.api.answers import STATUS_OF_WORD, read
from worker.outcomes import (
    Conflict,
    Evidence,
    Failed,
    NotFound,
    Ok,
    Outcome,
    Overloaded,
    Rejected,
    Snapshot,
    Unauthorized,
    Unknown,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HTML = b"<html><h1>502 Bad Gateway</h1></html>"

BY_STATUS: list[tuple[int, type[Outcome]]] = [
    *((status, Ok) for status in (200, 201, 202, 204)),
    *((status, Failed) for status in (101, 300, 301, 302, 304, 307, 308)),
    *((status, Rejected) for status in (400, 402, 405, 406, 410, 411, 413, 414, 415, 422, 431, 451)),
    (401, Unauthorized),
    (403, Unauthorized),
    (404, NotFound),
    (409, Conflict),
    (429, Overloaded),
    (503, Overloaded),
    *((status, Failed) for status in (408, 425, 500, 501, 507, 520, 599, 600)),
    *((status, Unknown) for status in (502, 504)),
]


def said(body: Any, *, status: int = 200, **headers: str) -> Outcome:  # noqa: ANN401 - any JSON at all
    """Return what an answer with this JSON means."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read(status, named, orjson.dumps(body), now=NOW)


@pytest.mark.parametrize(("status", "expected"), BY_STATUS)
def test_the_status_decides(status: int, expected: type[Outcome]) -> None:
    """With nothing in the body, the HTTP status alone gives the outcome."""
    outcome = read(status, {}, b"", now=NOW)
    assert type(outcome) is expected
    assert outcome.evidence.status == status
    assert getattr(outcome, "reached", True)


@pytest.mark.parametrize(("status", "expected"), [row for row in BY_STATUS if row[1] is not Ok])
def test_a_gateways_page_does_not_hide_the_status(status: int, expected: type[Outcome]) -> None:
    """An HTML error page means what its status says, and its text is not kept."""
    outcome = read(status, {"content-type": "text/html"}, HTML, now=NOW)
    assert type(outcome) is expected
    assert "Bad Gateway" not in outcome.evidence.detail


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (HTML, "HTTP 200 with an HTML page"),
        (b'{"data"', "HTTP 200 with a body that is not JSON"),
        (b'"OK"', "HTTP 200 with JSON that is not an object"),
        (None, "HTTP 200 with a body that is too long"),
    ],
)
def test_a_success_that_cannot_be_read_is_unknown(body: bytes | None, detail: str) -> None:
    """A 200 from somebody who is not the API proves nothing: the call may have taken effect or not."""
    assert read(200, {}, body, now=NOW) == Unknown(Evidence(200, detail))


@pytest.mark.parametrize("code", [0, 1, 200, "0", "200", "SUCCESS", "Success", "OK", None])
def test_every_success_code_is_a_success(code: object) -> None:
    """The contract's success codes, as numbers and as words."""
    outcome = said({"status": {"code": code, "message": "fine"}, "data": {"id": "00A"}})
    assert outcome == Ok(Evidence(200, "fine"), Snapshot("00A"))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (400, Rejected),
        ("401", Unauthorized),
        (404, NotFound),
        (409, Conflict),
        (429, Overloaded),
        (500, Failed),
        ("INVALID_PARAMETER", Rejected),
        ("resource_not_found", NotFound),
        ("ALREADY_EXISTS", Conflict),
        ("FORBIDDEN", Unauthorized),
        ("UNAVAILABLE", Overloaded),
        ("WHATEVER", Failed),
        (2, Failed),
        (-404, Failed),
        (201, Failed),
        (302, Failed),
        (True, Failed),
    ],
)
def test_an_error_hidden_in_a_success_means_what_its_code_says(code: object, expected: type[Outcome]) -> None:
    """A 200 with an error in it is that error; a code that nobody knows is tried again, never a success."""
    outcome = said({"status": {"code": code, "message": "no such thing"}})
    assert type(outcome) is expected
    assert outcome.evidence.status == 200
    assert outcome.evidence.detail.startswith("HTTP 200, but the body says")
    assert outcome.evidence.detail.endswith("no such thing")


def test_a_hidden_error_without_a_message_still_names_its_code() -> None:
    """The detail is never empty for an error."""
    assert said({"status": {"code": 404}}).evidence.detail == "HTTP 200, but the body says 404: no message"


def test_every_known_word_stands_for_an_error() -> None:
    """The table of words holds refusals only, in the form in which codes are compared."""
    for word, status in STATUS_OF_WORD.items():
        assert word == word.upper()
        assert 400 <= status < 600


def test_the_body_never_overrules_an_error_status() -> None:
    """A refusal is a refusal, even when the body says success."""
    assert type(said({"status": {"code": 0}}, status=404)) is NotFound


def test_the_message_is_the_evidence() -> None:
    """The API's own words reach the operator, in every error envelope."""
    words = {"status": {"code": "INVALID_PARAMETER", "message": "bad\nid"}, "operationId": "op-1"}
    assert said(words, status=400) == Rejected(Evidence(400, "bad id", "op-1"))
    assert said({}, status=400) == Rejected(Evidence(400, "HTTP 400 without a message"))


def test_the_key_is_not_in_the_evidence() -> None:
    """A remote that quotes the key does not bring it into our logs."""
    body = b'{"status": {"code": 401, "message": "unknown key k3y"}}'
    assert read(401, {}, body, now=NOW, secret="k3y") == Unauthorized(Evidence(401, "unknown key ***"))
    assert "k3y" not in read(200, {}, body, now=NOW, secret="k3y").evidence.detail


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x_b3_traceid": "b3", "x_request_id": "r", "x_correlation_id": "c"}, "b3"),
        ({"x_request_id": "r", "x_correlation_id": "c"}, "r"),
        ({"x_correlation_id": "c"}, "c"),
        ({}, "op-1"),
    ],
)
def test_the_request_id_is_the_first_one_found(headers: dict[str, str], expected: str) -> None:
    """Whichever correlation id the answer carries is kept, headers before the body."""
    assert said({"operationId": "op-1"}, **headers).evidence.request_id == expected
    assert said({"operationId": "op-1"}, status=500, **headers).evidence.request_id == expected


@pytest.mark.parametrize("status", [429, 503])
def test_overload_says_when_to_come_again(status: int) -> None:
    """`Retry-After` is read as seconds and as a date; without one nothing is promised."""
    assert said({}, status=status, retry_after="120").retry_after_s == 120
    assert said({}, status=status, retry_after="Mon, 23 Nov 2026 12:00:30 GMT").retry_after_s == 30
    assert said({}, status=status).retry_after_s is None
    assert read(status, {"retry-after": "7"}, HTML, now=NOW).retry_after_s == 7


def test_a_redirect_is_explained() -> None:
    """Who sees a redirect in the evidence learns that it is not followed."""
    outcome = read(302, {"location": "https://elsewhere/"}, b"", now=NOW)
    assert "redirects are not followed" in outcome.evidence.detail


@settings(deadline=None)
@given(
    st.integers(100, 999),
    st.dictionaries(st.sampled_from(["retry-after", "x-request-id", "content-type"]), st.text()),
    st.none() | st.binary(),
)
def test_no_answer_raises(status: int, headers: dict[str, str], body: bytes | None) -> None:
    """Arbitrary bytes under an arbitrary status are some outcome, and only a 2xx is a success."""
    outcome = read(status, headers, body, now=NOW)
    assert len(outcome.evidence.detail) <= 200
    assert not isinstance(outcome, Ok) or status // 100 == 2
    assert not isinstance(outcome, Unknown) or status // 100 == 2 or status in {502, 504}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(
                ["status", "code", "message", "data", "id", "interactionId", "userData", "error"]
            ),
            inner,
        )
    ),
)


@settings(deadline=None)
@given(st.sampled_from([200, 400, 503]), JSON)
def test_no_json_raises(status: int, value: object) -> None:
    """The contract's own words in the wrong places and types are some outcome."""
    assert read(status, {}, orjson.dumps(value), now=NOW).evidence.status == status
