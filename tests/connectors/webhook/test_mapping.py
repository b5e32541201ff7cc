"""From a delivery to commands."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from connectors.base import Delivery, Handshake, Ignored, UnreadableDelivery
from connectors.headers import Headers
from connectors.webhook.mapping import Mapper
from connectors.webhook.options import WebhookOptions
from worker.commands import Command, Create, OnConflict, OnEnded, OnMissing, Stop, Update, conversation_id

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HEADERS = Headers([("X-Id", "header-1"), ("X-Empty", "")])


def delivery(document: Any) -> Delivery:  # noqa: ANN401 - any JSON
    """Return a delivery of a document."""
    return Delivery("shop", HEADERS, orjson.dumps(document), NOW, trace_id="7" * 32)


def mapper(rules: list[dict[str, Any]], **options: Any) -> Mapper:  # noqa: ANN401 - any options
    """Return the mapper of a channel with these rules."""
    written = {"external_id": "body.id", "rules": rules, **options}
    return Mapper.of(WebhookOptions.model_validate(written))


def understood(
    document: Any,  # noqa: ANN401 - any JSON
    *rules: dict[str, Any],
    **options: Any,  # noqa: ANN401 - any options
) -> tuple[Command, ...] | Ignored | Handshake:
    """Map a document by the given rules, or by one that creates."""
    return mapper([*rules] or [{"do": "create"}], **options).commands(delivery(document), "support")


def only(document: Any, *rules: dict[str, Any], **options: Any) -> Any:  # noqa: ANN401 - as above
    """Return the one command of a document."""
    (command,) = tuple(understood(document, *rules, **options))  # type: ignore[arg-type]  # others fail here as well
    return command


def test_a_create_is_complete() -> None:
    """A create carries the channel's service, the hashed id, a key, the arrival and the trace."""
    user_data = {"Subject": "body.title", "None": "body.nothing", "Source": {"value": "Shop"}}
    assert only({"id": "A"}, user_data=user_data, on_conflict="bury") == Create(
        service="support",
        external_id=conversation_id("shop", "A"),
        idempotency_key="shop:sha256-" + hashlib.sha256(b'{"id":"A"}').hexdigest(),
        channel="shop",
        received_at=NOW,
        trace_id="7" * 32,
        user_data={"Source": "Shop"},
        on_conflict=OnConflict.BURY,
    )


def test_user_data_is_what_is_found() -> None:
    """Each property is what its expression finds; what is not found is left out, what is empty is not."""
    names = ("n", "empty", "no", "list", "null", "missing")
    found = only(
        {"id": 1, "a": {"b": "x"}, "n": 7, "empty": "", "no": False, "list": [1], "null": None},
        user_data={name: f"body.{name}" for name in names} | {"Deep": "body.a.b", "Head": 'headers."x-id"'},
    ).user_data
    assert found == {"n": 7, "empty": "", "no": False, "list": [1], "Deep": "x", "Head": "header-1"}


def test_values_may_be_text() -> None:
    """For services that take nothing else, every value is sent as text."""
    user_data = {"N": "body.n", "L": "body.l", "T": "body.t"}
    found = only({"id": 1, "n": 7, "l": [1, "a"], "t": "x"}, user_data=user_data, as_text=True).user_data
    assert found == {"N": "7", "L": '[1,"a"]', "T": "x"}


def test_updates_change_add_and_delete() -> None:
    """An update changes what the user data and `changed` find, adds and deletes what it is told to."""
    update = only(
        {"id": 1, "a": "x", "c": "y", "d": "z", "gone": ["B", "C"]},
        {"do": "update", "changed": {"C": "body.c"}, "added": {"D": "body.d"}, "deleted": "body.gone"},
        user_data={"A": "body.a", "C": "body.a"},
        on_missing="drop",
        on_ended="bury",
    )
    assert isinstance(update, Update)
    assert (update.changed, update.added, update.deleted) == ({"A": "x", "C": "y"}, {"D": "z"}, ("B", "C"))
    assert (update.on_missing, update.on_ended) == (OnMissing.DROP, OnEnded.BURY)
    assert only({"id": 1}, {"do": "update", "deleted": "body.gone"}).deleted == ()


def test_an_upsert_creates_what_is_missing() -> None:
    """An upsert is an update that creates, whatever the channel says of updates."""
    assert only({"id": 1}, {"do": "upsert"}, on_missing="drop").on_missing is OnMissing.CREATE


def test_stops_have_reasons() -> None:
    """A stop carries its reasons where they are found; a long one is cut."""
    rule = {"do": "stop", "reason_system_name": "body.code", "reason_description": "body.note"}
    stop = only({"id": 1, "code": 42, "note": "x" * 5000}, rule)
    assert isinstance(stop, Stop)
    assert stop.reason_system_name == "42"
    assert stop.reason_description is not None
    assert len(stop.reason_description) == 1000
    assert only({"id": 1}, rule).reason_description is None
    assert only({"id": 1}, {"do": "stop"}).reason_system_name is None


def test_the_first_rule_that_applies_is_the_one() -> None:
    """Rules are looked at in their order; one without `when` always applies."""
    rules: list[dict[str, Any]] = [
        {"when": "body.event == 'new'", "do": "create"},
        {"when": "body.event", "do": "update"},
        {"do": "ignore", "because": "nothing happened"},
    ]
    assert only({"id": 1, "event": "new"}, *rules).kind == "create"
    assert only({"id": 1, "event": "x"}, *rules).kind == "update"
    assert understood({"event": ""}, *rules) == Ignored("nothing happened")


def test_what_no_rule_knows_is_kept_unless_the_channel_says_otherwise() -> None:
    """By default an unknown event is unreadable, so that a person sees it; a channel may ignore them."""
    rule = {"when": "body.event == 'new'", "do": "create"}
    with pytest.raises(UnreadableDelivery, match="none of the channel's rules applies"):
        understood({"id": 1, "event": "x"}, rule)
    assert understood({"id": 1}, rule, otherwise="ignore") == Ignored(
        "none of the channel's rules applies to it"
    )


def test_a_rule_that_cannot_be_applied_is_no_rule_that_does_not_apply() -> None:
    """An expression that does not suit the delivery makes it unreadable instead of being passed over."""
    rules = ({"when": "starts_with(body.event, 'x')", "do": "stop"}, {"do": "ignore"})
    with pytest.raises(UnreadableDelivery, match="cannot be applied"):
        understood({"id": 1, "event": 7}, *rules)


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
    assert only({"id": 1, "k": 5}, idempotency_key="body.k").idempotency_key == "shop:5"
    assert only({"id": 1}, idempotency_key='headers."x-id"').idempotency_key == "shop:header-1"
    hashed = {
        only({"id": 1}).idempotency_key,
        only({"id": 1}, idempotency_key="body.k").idempotency_key,
        only({"id": 1}, idempotency_key='headers."x-empty"').idempotency_key,
    }
    assert len(hashed) == 1
    assert hashed.pop().startswith("shop:sha256-")
    with pytest.raises(UnreadableDelivery, match="idempotency key"):
        understood({"id": 1, "k": {}}, idempotency_key="body.k")


def test_times_come_from_the_sender() -> None:
    """The time is what the expression finds, else the arrival."""
    assert only({"id": 1, "at": 0}, received_at="body.at").received_at == datetime(1970, 1, 1, tzinfo=UTC)
    assert only({"id": 1}, received_at="body.at").received_at == NOW


@pytest.mark.parametrize("gone", ["B", {"B": 1}, [1], ["InteractionId"], ["bridge_key"], [None]])
def test_only_free_properties_are_deleted(gone: Any) -> None:  # noqa: ANN401 - any JSON
    """What is no list of names, or names what is the system's, is unreadable."""
    with pytest.raises(UnreadableDelivery, match="`deleted` finds"):
        understood({"id": 1, "gone": gone}, {"do": "update", "deleted": "body.gone"})


def test_user_data_keeps_its_budget() -> None:
    """A text that is too long for an interaction is shortened with a marker."""
    user_data = only({"id": 1, "text": "é" * 50_000}, user_data={"Text": "body.text"}).user_data
    assert len(orjson.dumps(user_data)) <= 16_000
    assert user_data["Text"].endswith(" […]")


def test_the_delivery_of_another_channel_has_other_ids() -> None:
    """The same document on two channels is two conversations with two keys."""
    made = mapper([{"do": "create"}], idempotency_key="body.id")
    found = [
        made.commands(replace(delivery({"id": "1"}), channel=channel), "support") for channel in ("a", "b")
    ]
    first, second = (each[0] for each in found if isinstance(each, tuple))
    assert first.external_id != second.external_id
    assert first.idempotency_key != second.idempotency_key


BATCH: dict[str, Any] = {
    "each": "body.list",
    "external_id": "item.id",
    "idempotency_key": "item.key",
}


def test_every_event_of_a_batch_is_a_command() -> None:
    """Each event meets the rules by itself; those that are ignored leave the others."""
    rules = ({"when": "item.gone", "do": "stop"}, {"when": "!(item.skip)", "do": "create"}, {"do": "ignore"})
    document = {"list": [{"id": 1, "key": "a"}, {"skip": 1}, {"id": 1, "key": "b", "gone": True}]}
    found = understood(document, *rules, **BATCH)
    assert isinstance(found, tuple)
    assert [(each.kind, each.idempotency_key) for each in found] == [("create", "shop:a"), ("stop", "shop:b")]


def test_a_batch_in_which_nothing_matters_is_ignored() -> None:
    """The reasons are told once each; an empty batch has none."""
    rules = ({"when": "item.a", "do": "ignore", "because": "an a"}, {"do": "ignore", "because": "no a"})
    document = {"list": [{"a": 1}, {}, {"a": 2}]}
    assert understood(document, *rules, **BATCH) == Ignored("an a, no a")
    assert understood({"list": []}, *rules, **BATCH) == Ignored("the delivery holds no event")


def test_one_unreadable_event_makes_the_batch_unreadable() -> None:
    """All or nothing: what was kept for a person is the whole delivery."""
    with pytest.raises(UnreadableDelivery, match="no external id"):
        understood({"list": [{"id": 1, "key": "a"}, {"key": "b"}]}, {"do": "create"}, **BATCH)


def test_events_without_an_id_are_told_apart_by_their_place() -> None:
    """The hash of the body is the same for all events of a delivery, so their place stands behind it."""
    found = understood({"list": [{"id": 1}, {"id": 1}]}, {"do": "upsert"}, **BATCH)
    assert isinstance(found, tuple)
    keys = [each.idempotency_key for each in found]
    assert [key[-2:] for key in keys] == ["#0", "#1"]
    assert keys[0][:-2] == keys[1][:-2]


def test_an_event_that_stands_twice_is_one() -> None:
    """The same event twice is one command; two events under one key are a mistake in the settings."""
    event = {"id": 1, "key": "a"}
    assert only({"list": [event, event]}, {"do": "create"}, **BATCH).idempotency_key == "shop:a"
    with pytest.raises(UnreadableDelivery, match="an id of the event, not of the delivery"):
        understood({"list": [event, {"id": 2, "key": "a"}]}, {"do": "create"}, **BATCH)


GREETING = {"when": "body.type == 'hello'", "do": "greet", "reply": "body.challenge"}


def test_a_greeting_is_answered() -> None:
    """Who asks whether somebody is there gets back what it wants, before events are looked for."""
    found = understood({"type": "hello", "challenge": 123}, {"do": "create"}, GREETING, **BATCH)
    assert isinstance(found, Handshake)
    assert (found.reply.body, found.reply.content_type) == (b"123", "text/plain; charset=utf-8")


@pytest.mark.parametrize("challenge", [None, "", {}, "x" * 1001])
def test_a_greeting_wants_something_sensible(challenge: Any) -> None:  # noqa: ANN401 - any JSON
    """We do not echo just anything."""
    with pytest.raises(UnreadableDelivery):
        understood({"type": "hello", "challenge": challenge}, GREETING)


def test_senders_without_any_id_have_the_digest() -> None:
    """The body's hash may be the conversation's id, wherever in the rules it is asked for."""
    expected = conversation_id("shop", hashlib.sha256(b'{"a":1}').hexdigest())
    assert only({"a": 1}, external_id="body.id || digest").external_id == expected
    assert only({"a": 1}, {"do": "stop", "external_id": "digest"}).external_id == expected
