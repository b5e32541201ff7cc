"""The seven endpoints on the wire, to the letter of the contract."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.api.requests import build, collection_path
from worker.operations import (
    ByExternalId,
    ByInteractionId,
    CreateInteraction,
    GetInteraction,
    Operation,
    PostEvent,
    StopInteraction,
    UpdateInteraction,
)

COLLECTION = "/nexus/v3/openmedia/support/interactions"
EXTERNAL = ByExternalId("mail-1")
INTERNAL = ByInteractionId("00ABCDEF01234567")
RECEIVED = datetime(2026, 11, 23, 13, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))

ENDPOINTS: list[tuple[Operation, str, str, Any]] = [
    (
        CreateInteraction("mail-1", {"Subject": "Hi"}, RECEIVED, "00PARENT"),
        "POST",
        "",
        {
            "externalId": "mail-1",
            "parentInteractionId": "00PARENT",
            "receivedAt": "2026-11-23T12:00:00Z",
            "userData": {"Subject": "Hi"},
        },
    ),
    (GetInteraction(EXTERNAL), "GET", "/ext_mail-1", None),
    (
        StopInteraction(EXTERNAL, "Normal", "solved"),
        "POST",
        "/ext_mail-1/stop",
        {"reasonSystemName": "Normal", "reasonDescription": "solved"},
    ),
    (
        UpdateInteraction(EXTERNAL, {"a": 1}, {"b": {"c": None}}, ("d",)),
        "POST",
        "/ext_mail-1/update",
        {"changedProperties": {"a": 1}, "addedProperties": {"b": {"c": None}}, "deletedProperties": ["d"]},
    ),
    (GetInteraction(INTERNAL), "GET", "/00ABCDEF01234567", None),
    (StopInteraction(INTERNAL, "Normal"), "POST", "/00ABCDEF01234567/stop", {"reasonSystemName": "Normal"}),
    (
        UpdateInteraction(INTERNAL, {"a": 1}),
        "POST",
        "/00ABCDEF01234567/update",
        {"changedProperties": {"a": 1}},
    ),
]


@pytest.mark.parametrize(("operation", "method", "path", "data"), ENDPOINTS)
def test_every_endpoint_has_its_method_path_and_body(
    operation: Operation, method: str, path: str, data: dict[str, Any] | None
) -> None:
    """An operation becomes the contract's call, its fields inside `data`."""
    request = build(operation, COLLECTION)
    assert (request.method, request.target) == (method, COLLECTION + path)
    assert (request.body and orjson.loads(request.body)) == (data and {"data": data})


@pytest.mark.parametrize("operation", [CreateInteraction(None), StopInteraction(EXTERNAL)])
def test_a_body_with_nothing_to_say_is_left_out(operation: Operation) -> None:
    """Create and stop require no body, so an empty one is not sent."""
    assert build(operation, COLLECTION).body is None


def test_an_update_always_has_a_body() -> None:
    """The reference requires a body of an update, even when it changes nothing."""
    assert build(UpdateInteraction(EXTERNAL), COLLECTION).body == b'{"data":{}}'


def test_only_fields_that_are_set_are_sent() -> None:
    """What was not said is left out instead of sent as null."""
    assert build(CreateInteraction("mail-1"), COLLECTION).body == b'{"data":{"externalId":"mail-1"}}'


def test_the_collection_is_beneath_the_apis_path() -> None:
    """The service's name is one segment below the API's own path, and encoded."""
    assert collection_path("/nexus/v3", "a/b c") == "/nexus/v3/openmedia/a%2Fb%20c/interactions"


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=200))
def test_an_external_id_is_one_segment_and_survives(text: str) -> None:
    """Whatever an external id holds, it stays one path segment and decodes to itself."""
    url = build(GetInteraction(ByExternalId(text)), COLLECTION).target
    segments = httpx.URL(url).raw_path.decode().split("/")
    assert segments[:-1] == ["", "nexus", "v3", "openmedia", "support", "interactions"]
    assert unquote(segments[-1]) == f"ext_{text}"
    assert httpx.URL(url).query == b""
    assert httpx.URL(url).fragment == ""


@settings(deadline=None)
@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=64).filter(
        lambda text: text not in {".", ".."}
    )
)
def test_an_interaction_id_is_one_segment_and_survives(text: str) -> None:
    """An interaction id is encoded as well: it came from outside."""
    url = build(StopInteraction(ByInteractionId(text)), COLLECTION).target
    segments = httpx.URL(url).raw_path.decode().split("/")
    assert len(segments) == 8
    assert (unquote(segments[-2]), segments[-1]) == (text, "stop")


def test_dots_cannot_climb_out_of_an_external_id() -> None:
    """The prefix keeps `..` from being a step upwards."""
    url = build(GetInteraction(ByExternalId("..")), COLLECTION).target
    assert str(httpx.URL(url)) == f"{COLLECTION}/ext_.."


@pytest.mark.parametrize("text", ["", ".", ".."])
def test_an_interaction_id_that_would_change_the_path_is_refused(text: str) -> None:
    """Without a prefix, such an id would address something else."""
    with pytest.raises(ValueError, match="would change the path"):
        build(GetInteraction(ByInteractionId(text)), COLLECTION)


@pytest.mark.parametrize(
    ("operation", "complaint"),
    [
        (CreateInteraction("a", {"n": 2**64}), "cannot be written as JSON"),
        (CreateInteraction("a", {"s": "\ud800"}), "cannot be written as JSON"),
        (GetInteraction(ByExternalId("\ud800")), "half of a character pair"),
        (CreateInteraction("a", received_at=RECEIVED.replace(tzinfo=None)), "no time zone"),
        (
            CreateInteraction("a", received_at=datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))),
            "outside the years",
        ),
        (PostEvent("evt_1", "bridge.test", RECEIVED, {}), "is for a subscriber"),
    ],
)
def test_what_cannot_be_said_is_a_value_error(operation: Operation, complaint: str) -> None:
    """No half-written request leaves the builder; the error says what was wrong."""
    with pytest.raises(ValueError, match=complaint):
        build(operation, COLLECTION)


def test_early_years_have_four_digits() -> None:
    """ISO 8601 has years of four digits, also before the year 1000."""
    body = build(CreateInteraction(None, received_at=datetime(987, 6, 5, tzinfo=UTC)), COLLECTION).body
    assert body == b'{"data":{"receivedAt":"0987-06-05T00:00:00Z"}}'
