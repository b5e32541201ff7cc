"""Answers in the words of HTTP and SMTP."""

from datetime import UTC, datetime

import orjson
import pytest

from connectors.base import Answer, Answered, Manners, Reply
from connectors.hosts.answers import HTTP_STATUS, SMTP_REPLY, http_answer, problem, smtp_reply
from worker.lanes import Receipt

RECEIPT = Receipt(
    id="r",
    service="support",
    external_id="c",
    sequence=1,
    position=0,
    accepted_at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
)


@pytest.mark.parametrize("table", [HTTP_STATUS, SMTP_REPLY])
def test_tables_are_total(table: dict[Answered, object]) -> None:
    """Every answer has its words in both protocols."""
    assert set(table) == set(Answered)


@pytest.mark.parametrize("answered", Answered)
def test_the_contracts_numbers(answered: Answered) -> None:
    """Each answer has the status and the reply code that senders were promised."""
    numbers = {
        "accepted": (202, 250),
        "duplicate": (200, 250),
        "ignored": (200, 250),
        "greeted": (200, 250),
        "refused": (401, 550),
        "unreadable": (202, 250),
        "conflict": (409, 250),
        "unavailable": (503, 451),
    }
    answer = Answer(answered, reason="because")
    http = http_answer(answer)
    assert (http.status, int(smtp_reply((answer,))[:3])) == numbers[answered]
    is_error = http.status >= 400
    assert http.content_type == ("application/problem+json" if is_error else "application/json")


def test_an_acceptance_is_complete() -> None:
    """The body has the answer's word and the receipts."""
    assert orjson.loads(http_answer(Answer(Answered.ACCEPTED, (RECEIPT,))).body) == {
        "status": "accepted",
        "receipts": [RECEIPT.model_dump(mode="json") | {"accepted_at": "2026-11-23T12:00:00+00:00"}],
    }


def test_a_kept_letter_is_named() -> None:
    """The body has the letter's id, and the reason where there is one to tell."""
    kept = http_answer(Answer(Answered.UNREADABLE, letter="l", reason="why"))
    assert orjson.loads(kept.body) == {"status": "unreadable", "letter": "l", "reason": "why"}
    assert orjson.loads(http_answer(Answer(Answered.UNREADABLE, letter="l")).body).keys() == {
        "status",
        "letter",
    }


def test_a_conflict_shows_both_contents() -> None:
    """The problem document has both fingerprints."""
    body = orjson.loads(http_answer(Answer(Answered.CONFLICT, fingerprints=("a", "b"))).body)
    assert (body["firstFingerprint"], body["secondFingerprint"]) == ("a", "b")


def test_a_conflict_that_was_kept_is_acknowledged() -> None:
    """A person will look at it, so nobody needs to come again."""
    answer = Answer(Answered.CONFLICT, letter="l", fingerprints=("a", "b"), reason="why")
    http = http_answer(answer)
    assert (http.status, orjson.loads(http.body)["letter"]) == (202, "l")


TWIML = Reply("text/xml", b"<Response/>")


def test_manners_rule_what_is_no_error() -> None:
    """The sender's own words and statuses; an answer's own reply comes before the usual one."""
    manners = Manners(statuses={Answered.ACCEPTED: 200, Answered.REFUSED: 403}, reply=TWIML)
    accepted = http_answer(Answer(Answered.ACCEPTED, (RECEIPT,)), manners)
    assert (accepted.status, accepted.body, accepted.content_type) == (200, b"<Response/>", "text/xml")
    greeted = http_answer(Answer(Answered.GREETED, reply=Reply("text/plain", b"42")), manners)
    assert (greeted.body, greeted.content_type) == (b"42", "text/plain")
    assert ("X-Content-Type-Options", "nosniff") in greeted.headers


def test_manners_do_not_dress_up_an_error() -> None:
    """It stays a problem document, with its status overridden or not."""
    manners = Manners(statuses={Answered.REFUSED: 403}, reply=TWIML)
    for answered, status in ((Answered.REFUSED, 403), (Answered.UNAVAILABLE, 503)):
        told = http_answer(Answer(answered), manners)
        assert (told.status, told.content_type) == (status, "application/problem+json")


def test_problems_are_what_the_standard_says() -> None:
    """A problem has type, title, status and detail; a status without a name still has a title."""
    body = orjson.loads(problem(413, "too much").body)
    assert body == {"type": "about:blank", "title": "Too large", "status": 413, "detail": "too much"}
    assert orjson.loads(problem(418, "tea").body)["title"] == "Error"


def test_coming_again_has_a_time() -> None:
    """503 says when."""
    assert dict(http_answer(Answer(Answered.UNAVAILABLE)).headers)["Retry-After"].isdigit()


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (("accepted", "duplicate", "ignored"), "250 2.0.0 Accepted"),
        (("accepted", "unreadable"), "250 2.0.0 Kept for a person to read"),
        (("accepted", "refused"), "550"),
        (("accepted", "refused", "unavailable"), "451"),
        ((), "451"),
    ],
)
def test_one_reply_for_several_channels(answers: tuple[str, ...], code: str) -> None:
    """A mail is accepted only if all its channels have it; if any is unavailable, it must come again."""
    assert smtp_reply(tuple(Answer(Answered(each)) for each in answers)).startswith(code)
