"""The dialects."""

import json

import pytest

from sandbox.answer import encode, gateway_page, refusal, success, word
from sandbox.behaviour import Behaviour
from sandbox.interaction import Interaction
from sandbox.refusal import RefusedError

ONE = Interaction(
    id="0A",
    service="s",
    external_id="a",
    parent_id=None,
    received_at="",
    user_data={"k": "ü\ud800"},
    created_at="",
)
GONE = RefusedError(404, "no such interaction", interaction_id="0A", headers=(("a", "b"),))


def test_the_default_success() -> None:
    """A success is code 0 beside the interaction."""
    answer = success(ONE, Behaviour(), "t")
    assert json.loads(answer.body) == {"status": {"code": 0, "message": "OK"}, "data": ONE.shown()}
    assert (answer.status, answer.content_type) == (200, "application/json")


def test_the_other_successes() -> None:
    """A success may come in words, bare, or empty."""
    words = json.loads(success(ONE, Behaviour(envelope="string-codes"), "t").body)
    assert (words["status"]["code"], words["operationId"], words["data"]) == ("SUCCESS", "t", ONE.shown())
    bare = success(ONE, Behaviour(envelope="bare", id_field="interactionId"), "t")
    assert json.loads(bare.body) == ONE.shown("interactionId")
    assert success(ONE, Behaviour(envelope="empty"), "t").body == b""


def test_the_default_refusal() -> None:
    """A refusal repeats its status beside a message, and names the interaction in the way if it is to."""
    answer = refusal(GONE, Behaviour(), "t")
    expected = {"status": {"code": 404, "message": "no such interaction"}, "data": {"id": "0A"}}
    assert (answer.status, answer.headers, json.loads(answer.body)) == (404, GONE.headers, expected)


def test_the_other_refusals() -> None:
    """A refusal may come in words, empty, or as a gateway's page, headers kept."""
    words = json.loads(refusal(GONE, Behaviour(error_envelope="string-codes"), "t").body)
    assert (words["status"]["code"], words["operationId"]) == ("NOT_FOUND", "t")
    empty = refusal(GONE, Behaviour(error_envelope="empty"), "t")
    assert (empty.body, empty.headers) == (b"", GONE.headers)
    page = refusal(GONE, Behaviour(error_envelope="html"), "t")
    assert (page.content_type, page.headers) == ("text/html; charset=utf-8", GONE.headers)


def test_a_refusal_may_insist_on_its_envelope() -> None:
    """What a gateway says does not follow the API's dialect."""
    assert refusal(RefusedError(401, "no", envelope="empty"), Behaviour(), "t").body == b""


def test_a_failure_hidden_in_200() -> None:
    """With the switch on, only the body tells."""
    answer = refusal(GONE, Behaviour(failure_in_200=True), "t")
    assert (answer.status, json.loads(answer.body)["status"]["code"]) == (200, 404)


def test_words_and_pages() -> None:
    """An uncommon status still has a word; a gateway's page names the status."""
    assert (word(409), word(418)) == ("ALREADY_EXISTS", "ERROR")
    assert b"502" in gateway_page(502).body


@pytest.mark.parametrize("value", ["\ud800", {"ü": [None]}])
def test_encoding_never_fails(value: object) -> None:
    """Whatever text a caller sent can be answered."""
    assert json.loads(encode(value)) == value
