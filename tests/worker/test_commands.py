"""Commands are complete, checked and comparable when they leave the door."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from worker.commands import (
    Command,
    Create,
    Guard,
    Notify,
    Stop,
    Update,
    conversation_id,
    decode,
    encode,
    guard_of,
)
from worker.notices import Notice, NoticeKind

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
COMMON = {
    "service": "support",
    "external_id": "c-1",
    "idempotency_key": "mail:1",
    "channel": "mail",
    "received_at": NOW,
}
CREATE = Create(**COMMON, user_data={"Subject": "Grüße", "Count": 2})

names = st.sampled_from(["support", "a", "0", "A.b_c-d", "s" * 64])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.dictionaries(texts, st.none() | st.booleans() | st.integers() | texts, max_size=3)
external_ids = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f"]),
    min_size=1,
    max_size=50,
)
common = {
    "service": names,
    "external_id": external_ids,
    "idempotency_key": texts.filter(bool),
    "channel": names,
    "received_at": st.datetimes(timezones=st.just(UTC)),
}
notices = st.builds(
    Notice,
    id=texts,
    kind=st.sampled_from(NoticeKind),
    at=st.datetimes(timezones=st.just(UTC)),
    service=names,
    external_id=external_ids,
    generation=st.integers(1, 9),
    note=texts,
)
commands = (
    st.builds(Create, **common, user_data=values)
    | st.builds(Update, **common, changed=values, added=values, deleted=st.lists(texts).map(tuple))
    | st.builds(Stop, **common, reason_system_name=st.none() | texts)
    | st.builds(Notify, **common, notice=notices)
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(command=commands)
def test_a_command_comes_back_as_it_was_written(command: Command) -> None:
    """What a lane holds is the whole command, whatever its texts."""
    assert decode(encode(command)) == command
    assert decode(encode(command)).fingerprint == command.fingerprint


def test_the_order_of_names_is_no_content() -> None:
    """A sender that writes its properties in another order the second time sends the same message."""
    inner = [{"b": 1, "a": [2, {"y": None, "x": 0.5}]}, {"a": [2, {"x": 0.5, "y": None}], "b": 1}]
    there, back = (Create(**COMMON, user_data={"Subject": "x", "Data": each}) for each in inner)
    turned = Create(**COMMON, user_data={"Data": inner[0], "Subject": "x"})
    assert there.fingerprint == back.fingerprint == turned.fingerprint
    assert list(there.user_data) != list(turned.user_data)


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**40])
def test_numbers_of_any_size_have_their_fingerprint(number: int) -> None:
    """JSON knows no largest one."""
    large, larger = (Create(**COMMON, user_data={"Count": each}) for each in (number, number + 1))
    assert large.fingerprint == decode(encode(large)).fingerprint != larger.fingerprint


@pytest.mark.parametrize("text", [b"", b"{}", b'{"kind": "merge"}', b"\xff", b'{"kind": "stop"}'])
def test_anything_else_is_not_a_command(text: bytes) -> None:
    """What no known bridge wrote raises one kind of error."""
    with pytest.raises(ValidationError):
        decode(text)


def test_an_unknown_field_is_refused() -> None:
    """A newer bridge may mean something by it; it must not be dropped in silence."""
    written = encode(CREATE).replace(b'"kind":', b'"priority":1,"kind":')
    with pytest.raises(ValidationError, match="priority"):
        decode(written)


@pytest.mark.parametrize(
    "wrong",
    [
        {"service": "with space"},
        {"service": ""},
        {"service": "-first"},
        {"service": "s" * 65},
        {"channel": "a/b"},
        {"external_id": ""},
        {"external_id": "line\nbreak"},
        {"external_id": "delete\x7f"},
        {"external_id": "e" * 201},
        {"idempotency_key": ""},
        {"idempotency_key": "k" * 501},
        {"received_at": datetime(2026, 11, 23, 12, 0)},  # noqa: DTZ001 - the point: no time zone
        {"trace_id": "ABCDEF0123456789ABCDEF0123456789"},
        {"trace_id": "12"},
        {"user_data": {"when": NOW}},
        {"user_data": {1: "one"}},
    ],
    ids=str,
)
def test_what_cannot_stand_in_urls_keys_or_json_is_refused(wrong: dict[str, object]) -> None:
    """Names are slugs, ids are printable, times are aware, user data is JSON."""
    with pytest.raises(ValidationError):
        Create(**{**COMMON, **wrong})


def test_the_same_message_has_the_same_fingerprint() -> None:
    """Its key, time and trace may differ, and so may the order of its user data."""
    again = Create(
        **{**COMMON, "idempotency_key": "mail:9", "received_at": NOW + timedelta(days=1)},
        trace_id="0" * 32,
        user_data={"Count": 2, "Subject": "Grüße"},
    )
    assert again.fingerprint == CREATE.fingerprint
    assert len(CREATE.fingerprint) == 16


@pytest.mark.parametrize(
    "other",
    [
        CREATE.model_copy(update={"user_data": {"Subject": "Other"}}),
        CREATE.model_copy(update={"external_id": "c-2"}),
        CREATE.model_copy(update={"service": "sales"}),
        CREATE.model_copy(update={"parent_interaction_id": "I0"}),
        Update(**COMMON),
        Stop(**COMMON),
    ],
)
def test_another_content_has_another_fingerprint(other: Command) -> None:
    """Everything that is asked for counts."""
    assert other.fingerprint != CREATE.fingerprint


def test_what_survives_an_update_is_what_a_create_would_have() -> None:
    """Added over changed, and without what is deleted."""
    update = Update(**COMMON, changed={"a": 1, "b": 1, "c": 1}, added={"b": 2, "d": 2}, deleted=("c", "x"))
    assert update.surviving == {"a": 1, "b": 2, "d": 2}


def test_a_conversation_id_tells_nothing_of_the_native_id() -> None:
    """The channel's name and a hash: an address in it would end up in logs."""
    named = conversation_id("mail", "anna@example.org")
    assert named.startswith("mail-")
    assert "anna" not in named
    assert named == conversation_id("mail", "anna@example.org")
    assert named != conversation_id("mail", "otto@example.org")
    assert named != conversation_id("chat", "anna@example.org")


@given(channel=st.text(min_size=1), native_id=st.text(st.characters(), max_size=300))
def test_every_conversation_id_is_an_external_id(channel: str, native_id: str) -> None:
    """Safe in URLs and at most 64 characters, whatever the sender calls things."""
    external_id = conversation_id(channel, native_id)
    assert len(external_id) <= 64
    assert Stop(**{**COMMON, "external_id": external_id}).external_id == external_id


def test_times_keep_their_moment() -> None:
    """A sender's own time zone does not change what happened when."""
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert decode(encode(Create(**{**COMMON, "received_at": there}))).received_at == NOW


def test_a_guard_is_no_part_of_anybodys_fingerprint() -> None:
    """Keys from before there were guards stay what they were; of a guarded command its key says all."""
    stop = Stop(**COMMON)
    one = stop.model_copy(update={"guard": Guard(idle_since=NOW, sweep="a"), "reason_description": "1 d"})
    other = stop.model_copy(update={"guard": Guard(idle_since=NOW, sweep="b"), "reason_description": "2 d"})
    assert one.fingerprint == other.fingerprint != stop.fingerprint
    plain = {"service": "support", "external_id": "c-1", "channel": "mail", "kind": "stop"}
    content = {**plain, "reason_system_name": None, "reason_description": None}
    written = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    assert stop.fingerprint == hashlib.sha256(written).hexdigest()[:16]


def test_a_guard_survives_the_lane() -> None:
    """Whatever values exempt."""
    guard = Guard(idle_since=NOW, states=("Queued",), exempt={"vip": ("yes", 1, None)}, sweep="a")
    for command in (Stop(**COMMON, guard=guard), Update(**COMMON, guard=guard)):
        assert decode(encode(command)) == command
        assert guard_of(command) == guard
    assert guard_of(Create(**COMMON)) is None
