"""From JSON to commands."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from connectors.base import Delivery, Ignored, UnreadableDelivery
from connectors.headers import Headers
from connectors.webhook.mapping import commands
from connectors.webhook.options import WebhookOptions
from worker.commands import Command, Create, OnConflict, OnEnded, OnMissing, Stop, Update, conversation_id

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DELIVERY = Delivery(
    "shop", Headers([("X-Id", "header-1"), ("X-Empty", "")]), b"{...}", NOW, trace_id="7" * 32
)
LEAST: dict[str, Any] = {"do": "create", "external_id": "id"}


def understood(document: Any, **options: Any) -> tuple[Command, ...] | Ignored:  # noqa: ANN401 - any JSON, any options
    """Map a document by the given options."""
    return commands(document, DELIVERY, WebhookOptions.model_validate({**LEAST, **options}), "support")


def only(document: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
    """Return the one command of a document."""
    (command,) = tuple(understood(document, **options))  # type: ignore[arg-type]  # an Ignored fails here as well
    return command


def test_a_create_is_complete() -> None:
    """A create carries the channel's service, the hashed id, a key, the arrival and the trace."""
    assert only({"id": "A"}, user_data={"Subject": "title", "None": "nothing"}, on_conflict="bury") == Create(
        service="support",
        external_id=conversation_id("shop", "A"),
        idempotency_key="shop:sha256-" + hashlib.sha256(DELIVERY.body).hexdigest(),
        channel="shop",
        received_at=NOW,
        trace_id="7" * 32,
        user_data={},
        on_conflict=OnConflict.BURY,
    )


def test_user_data_is_what_is_found() -> None:
    """Each property is what its expression finds; what is not found is left out, what is empty is not."""
    found = only(
        {"id": 1, "a": {"b": "x"}, "n": 7, "empty": "", "no": False, "list": [1], "null": None},
        user_data={name: name for name in ("n", "empty", "no", "list", "null", "missing")} | {"Deep": "a.b"},
    ).user_data
    assert found == {"n": 7, "empty": "", "no": False, "list": [1], "Deep": "x"}


def test_updates_change_and_delete() -> None:
    """An update puts what is found into `changed` and the listed names into `deleted`."""
    document = {"id": 1, "a": "x", "gone": ["B", "C"]}
    update = only(
        document, do="update", user_data={"A": "a"}, deleted="gone", on_missing="drop", on_ended="bury"
    )
    assert isinstance(update, Update)
    assert (update.changed, update.deleted) == ({"A": "x"}, ("B", "C"))
    assert (update.on_missing, update.on_ended) == (OnMissing.DROP, OnEnded.BURY)
    assert only({"id": 1}, do="update", deleted="gone").deleted == ()


def test_an_upsert_creates_what_is_missing() -> None:
    """An upsert is an update that creates, whatever the channel says of updates."""
    assert only({"id": 1}, do="upsert", on_missing="drop").on_missing is OnMissing.CREATE


def test_stops_have_reasons() -> None:
    """A stop carries its reasons where they are found; a long one is cut."""
    options = {"do": "stop", "reason_system_name": "code", "reason_description": "note"}
    stop = only({"id": 1, "code": 42, "note": "x" * 5000}, **options)
    assert isinstance(stop, Stop)
    assert stop.reason_system_name == "42"
    assert stop.reason_description is not None
    assert len(stop.reason_description) == 1000
    assert only({"id": 1}, **options).reason_description is None
    assert only({"id": 1}, do="stop").reason_system_name is None


@pytest.mark.parametrize(
    ("word", "kind"), [("new", "create"), ("more", "update"), (3, "stop"), (True, "create"), ("?", "ignored")]
)
def test_words_choose_the_action(word: Any, kind: str) -> None:  # noqa: ANN401 - any JSON
    """The sender's word is looked up in the table, numbers and booleans by their text."""
    actions = {"new": "create", "more": "update", "3": "stop", "true": "create", "?": "ignore"}
    found = understood({"id": 1, "event": word}, do=None, action="event", actions=actions)
    assert (found[0].kind if isinstance(found, tuple) else "ignored") == kind


@pytest.mark.parametrize("word", ["other", None, False, ["new"], {}])
def test_unknown_words_are_unreadable_unless_all_are_named(word: Any) -> None:  # noqa: ANN401 - any JSON
    """A word that the table does not name, or no word, is unreadable; with `*` it is known."""
    document = {"id": 1, "event": word}
    with pytest.raises(UnreadableDelivery, match="`actions` does not name"):
        understood(document, do=None, action="event", actions={"new": "create"})
    assert only(document, do=None, action="event", actions={"*": "upsert"}).kind == "update"


def test_what_is_ignored_needs_no_id() -> None:
    """A delivery that is ignored is not looked at any further; the reason has the word, cut short."""
    found = understood({"event": "p" * 500}, do=None, action="event", actions={"*": "ignore"})
    assert isinstance(found, Ignored)
    assert "ppp" in found.reason
    assert len(found.reason) < 100
    assert understood({}, do="ignore") == Ignored("the channel ignores every delivery")


def test_plain_ids_are_used_as_they_are() -> None:
    """An id is hashed unless the channel says that it is plain; then it must be a possible one."""
    assert only({"id": 7}).external_id == conversation_id("shop", "7")
    assert only({"id": 7}, plain_ids=True).external_id == "7"
    for bad in ("x" * 201, "line\nbreak"):
        assert only({"id": bad}).external_id.startswith("shop-")
        with pytest.raises(UnreadableDelivery, match="external_id: String should") as error:
            understood({"id": bad}, plain_ids=True)
        assert bad not in str(error.value)


@pytest.mark.parametrize("document", [{}, {"id": None}, {"id": ""}, [], "text", None, 7])
def test_without_an_external_id_nothing_can_be_done(document: Any) -> None:  # noqa: ANN401 - any JSON
    """A document in which no external id is found is unreadable."""
    with pytest.raises(UnreadableDelivery, match="no external id"):
        understood(document)


def test_keys_come_from_the_sender() -> None:
    """The key is the sender's id from the body or a header; without one it is a hash of the body."""
    assert only({"id": 1, "k": 5}, idempotency_key="k").idempotency_key == "shop:5"
    assert only({"id": 1}, idempotency_header="x-id").idempotency_key == "shop:header-1"
    hashed = {
        only({"id": 1}).idempotency_key,
        only({"id": 1}, idempotency_key="k").idempotency_key,
        only({"id": 1}, idempotency_header="X-Empty").idempotency_key,
        only({"id": 1}, idempotency_header="X-Missing").idempotency_key,
    }
    assert len(hashed) == 1
    assert hashed.pop().startswith("shop:sha256-")
    with pytest.raises(UnreadableDelivery, match="idempotency key"):
        understood({"id": 1, "k": {}}, idempotency_key="k")


def test_times_come_from_the_sender() -> None:
    """The time is what the expression finds, else the arrival."""
    assert only({"id": 1, "at": 0}, received_at="at").received_at == datetime(1970, 1, 1, tzinfo=UTC)
    assert only({"id": 1}, received_at="at").received_at == NOW


@pytest.mark.parametrize("gone", ["B", {"B": 1}, [1], ["InteractionId"], ["bridge_key"], [None]])
def test_only_free_properties_are_deleted(gone: Any) -> None:  # noqa: ANN401 - any JSON
    """What is no list of names, or names what is the system's, is unreadable."""
    with pytest.raises(UnreadableDelivery, match="`deleted` finds"):
        understood({"id": 1, "gone": gone}, do="update", deleted="gone")


def test_user_data_keeps_its_budget() -> None:
    """A text that is too long for an interaction is shortened with a marker."""
    user_data = only({"id": 1, "text": "é" * 50_000}, user_data={"Text": "text"}).user_data
    assert len(orjson.dumps(user_data)) <= 16_000
    assert user_data["Text"].endswith(" […]")


def test_the_delivery_of_another_channel_has_other_ids() -> None:
    """The same document on two channels is two conversations with two keys."""
    options = WebhookOptions.model_validate({**LEAST, "idempotency_key": "id"})
    found = [
        commands({"id": "1"}, replace(DELIVERY, channel=channel), options, "support")
        for channel in ("a", "b")
    ]
    first, second = (each[0] for each in found if isinstance(each, tuple))
    assert first.external_id != second.external_id
    assert first.idempotency_key != second.idempotency_key
