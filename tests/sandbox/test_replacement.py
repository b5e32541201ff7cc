"""What stands in for the real answer."""

import json
from datetime import UTC, datetime

import pytest

from sandbox.answer import Answer
from sandbox.behaviour import Behaviour, Overload
from sandbox.fault import Fault
from sandbox.replacement import replaced

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
REAL = Answer(status=404, body=b"{}")


def put(fault: Fault, natural: Answer | None = REAL, **switches: object) -> Answer | None:
    """What the caller is told."""
    return replaced(fault, natural, Behaviour.model_validate(switches), NOW, "t")


@pytest.mark.parametrize("kind", ["none", "truncate", "reset_after_commit", "reset_before", "refuse", "hang"])
def test_some_faults_leave_the_answer(kind: str) -> None:
    """A fault that cuts or waits has no words of its own."""
    assert put(Fault.model_validate({"kind": kind})) is REAL
    assert put(Fault.model_validate({"kind": kind}), None) is None


def test_a_status_comes_in_the_error_envelope() -> None:
    """A status stands in the error envelope, with the Retry-After asked for."""
    answer = put(Fault(kind="status", status=502, retry_after=7))
    assert answer is not None
    assert (answer.status, answer.headers) == (502, (("retry-after", "7"),))
    assert json.loads(answer.body)["status"]["code"] == 502


def test_a_status_may_bring_its_own_body() -> None:
    """A body given is sent as it is."""
    answer = put(Fault(kind="status", status=409, body={"quota": 0}))
    assert answer == Answer(status=409, body=b'{"quota": 0}')


def test_some_statuses_have_no_body() -> None:
    """A 204 has no body, whatever was asked for."""
    assert put(Fault(kind="status", status=204, body={})) == Answer(status=204)


@pytest.mark.parametrize(
    ("overload", "status", "header"),
    [
        ("429-seconds", 429, "1"),
        ("429-date", 429, "Sat, 31 Jan 2026 09:30:01 GMT"),
        ("429-bare", 429, None),
        ("503-seconds", 503, "1"),
        ("503-date", 503, "Sat, 31 Jan 2026 09:30:01 GMT"),
        ("503-bare", 503, None),
    ],
)
def test_overload_follows_the_behaviour(overload: Overload, status: int, header: str | None) -> None:
    """The behaviour says with which status and in which form an overload is told."""
    answer = put(Fault(kind="overload"), overload=overload)
    assert answer is not None
    assert (answer.status, dict(answer.headers).get("retry-after")) == (status, header)


def test_overload_may_say_when() -> None:
    """A Retry-After given goes before the behaviour's form."""
    answer = put(Fault(kind="overload", retry_after="soon"), overload="503-bare")
    assert answer is not None
    assert answer.headers == (("retry-after", "soon"),)


@pytest.mark.parametrize(("switch", "status"), [("401", 401), ("403", 403), ("html", 401)])
def test_a_disabled_key_is_told_what_an_unknown_one_is(switch: str, status: int) -> None:
    """The behaviour says how; the call itself comes to nothing."""
    answer = put(Fault(kind="bad_key"), None, bad_key=switch)
    assert answer is not None
    assert (answer.status, b"<html>" in answer.body) == (status, switch == "html")


@pytest.mark.parametrize(("natural", "status"), [(REAL, 404), (None, 200)])
def test_a_page_instead_of_json(natural: Answer | None, status: int) -> None:
    """The wrong content type is a page with the real status, or 200 if the call came to nothing."""
    answer = put(Fault(kind="wrong_content_type"), natural)
    assert answer is not None
    assert (answer.status, answer.content_type) == (status, "text/html; charset=utf-8")
