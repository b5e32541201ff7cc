"""Bodies say what they must, in the vocabulary's words, and nothing else."""

from datetime import UTC, datetime

import pytest
from pydantic import BaseModel, ValidationError

from connectors.hosts.commands.bodies import CreateBody, StopBody, UpdateBody
from worker.commands import Create, Stop, Update


@pytest.mark.parametrize(("body", "command"), [(CreateBody, Create), (UpdateBody, Update), (StopBody, Stop)])
def test_the_words_are_those_of_the_vocabulary(body: type[BaseModel], command: type[BaseModel]) -> None:
    """Every field of a body is one of the command that it asks for."""
    assert set(body.model_fields) <= set(command.model_fields)


@pytest.mark.parametrize(
    ("body", "content", "word"),
    [
        (CreateBody, {}, "Field required"),
        (CreateBody, {"external_id": ""}, "at least 1 character"),
        (CreateBody, {"external_id": "x" * 201}, "at most 200"),
        (CreateBody, {"external_id": "a\r\nX-Injected: 1"}, "pattern"),
        (CreateBody, {"external_id": "a\x00"}, "pattern"),
        (CreateBody, {"external_id": ".."}, "dots alone"),
        (CreateBody, {"external_id": 7}, "valid string"),
        (CreateBody, {"external_id": "a", "userdata": {}}, "Extra inputs"),
        (CreateBody, {"external_id": "a", "user_data": {"QUEUE": 1}}, "reserved"),
        (CreateBody, {"external_id": "a", "user_data": {"bridge_key": 1}}, "reserved"),
        (CreateBody, {"external_id": "a", "user_data": {"": 1}}, "at least 1 character"),
        (CreateBody, {"external_id": "a", "on_conflict": "explode"}, "Input should be"),
        (CreateBody, {"external_id": "a", "received_at": "2026-11-23T12:00:00"}, "timezone"),
        (CreateBody, {"external_id": "a", "received_at": 5}, "a time is a text"),
        (CreateBody, {"external_id": "a", "received_at": "0001-01-01T00:00:00+01:00"}, "years 1 to 9999"),
        (UpdateBody, {"deleted": ["State"]}, "reserved"),
        (UpdateBody, {"deleted": "Name"}, "valid tuple"),
        (StopBody, {"reason_description": "x" * 4001}, "at most 4000"),
    ],
)
def test_what_they_do_not_take_is_named(body: type[BaseModel], content: object, word: str) -> None:
    """A typo, a reserved name, a time without an offset: each with its reason."""
    with pytest.raises(ValidationError, match=word):
        body.model_validate(content)


def test_times_are_kept_in_utc() -> None:
    """One moment has one form, so that the same request gives the same command."""
    body = StopBody.model_validate({"received_at": "2026-11-23T14:00:00+02:00"})
    assert body.received_at == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert body.received_at.tzinfo is UTC
