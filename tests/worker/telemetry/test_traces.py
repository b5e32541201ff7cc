"""Spans of one delivery make one trace, though several processes make them and nothing travels but the id."""

import subprocess
import sys
from collections.abc import Mapping
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from tests.otlp_receiver import receiving
from worker.events import (
    CallAnswered,
    CommandAccepted,
    CommandApplied,
    CommandBuried,
    CommandDeferred,
    CommandRepeated,
    DeliveryAnswered,
    Event,
    LaneClaimed,
    RequestAnswered,
    StoreDoubtful,
)
from worker.passage import PASSAGE, Passage
from worker.telemetry.traces import Traces, span_of, to_receiver

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW_NS = 1_800_000_000_000_000_000
TRACE = "0af7651916cd43dd8448eb211c80319c"
SENDER = "b7ad6b7169203331"

ACCEPTED = CommandAccepted("support", "tickets", "c-1", "create", 1, "r1", TRACE, elapsed_ms=2.0)
REPEATED = CommandRepeated("support", "tickets", "c-1", "create", 1, "r1", TRACE)
DELIVERED = DeliveryAnswered("support", "tickets", "accepted", TRACE, SENDER, verify_ms=1.0, elapsed_ms=5.0)
REQUESTED = RequestAnswered("support", "api.shop", 202, TRACE, SENDER, verify_ms=1.0, elapsed_ms=5.0)
CLAIMED = LaneClaimed("support", "c-1", 1, TRACE, 1, stolen=False)
CALLED = CallAnswered(
    "support", "c-1", "CreateInteraction", "apply", "Ok", 200, "", "q", 40.0, TRACE, sequence=1
)
APPLIED = CommandApplied("support", "c-1", 3, "update", "updated", 1, 2, TRACE, first=1)
DEFERRED = CommandDeferred("support", "c-1", 1, "502", NOW, 1, TRACE)
BURIED = CommandBuried("support", "c-1", 1, "rejected", "400", "d1", TRACE)


class Kept(SpanProcessor):
    """Keeps what ended."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        """Keep it."""
        self.spans.append(span)


def traced(*events: Event, within: Passage | None = None, ratio: float = 1.0) -> list[ReadableSpan]:
    """Return the spans that these events make, in a delivery's passage where one is given."""
    kept = Kept()
    ids = iter(range(1, 100))
    traces = Traces(kept, "worker", ratio=ratio, now=lambda: NOW_NS, ids=lambda: next(ids))

    def scene() -> None:
        PASSAGE.set(within)
        for event in events:
            traces(event)

    copy_context().run(scene)
    return kept.spans


def ids(span: ReadableSpan) -> tuple[int, int]:
    """Return a span's id and that of the one above it, 0 without one."""
    assert span.context
    return span.context.span_id, span.parent.span_id if span.parent else 0


def about(span: ReadableSpan) -> Mapping[str, Any]:
    """Return what is said of a span in our own words."""
    return {name.removeprefix("openmedia_bridge."): value for name, value in (span.attributes or {}).items()}


def test_a_delivery_hangs_beneath_its_sender_and_its_command_beneath_it() -> None:
    """The door's spans, joined though each is made by itself."""
    append, delivery, verify = traced(ACCEPTED, DELIVERED, within=Passage(TRACE, SENDER))
    assert [span.name for span in (append, delivery, verify)] == ["append", "delivery", "verify"]
    assert ids(delivery)[1] == int(SENDER, 16)
    assert ids(append)[1] == ids(verify)[1] == ids(delivery)[0]
    assert delivery.kind is SpanKind.SERVER
    assert delivery.start_time == verify.start_time == NOW_NS - 5_000_000
    assert (delivery.end_time, verify.end_time) == (NOW_NS, NOW_NS - 4_000_000)
    assert about(delivery)["answer"] == "accepted"


def test_what_another_process_does_hangs_beneath_the_command() -> None:
    """Each computes the id of the same span: no context had to be carried along."""
    (append,) = traced(ACCEPTED)
    claim, call, settle = traced(CLAIMED, CALLED, APPLIED)
    assert {ids(span)[1] for span in (claim, call, settle)} == {ids(append)[0]}
    assert [span.name for span in (claim, call, settle)] == ["claim", "call CreateInteraction", "settle"]
    assert call.kind is SpanKind.CLIENT
    assert (call.start_time, call.end_time) == (NOW_NS - 40_000_000, NOW_NS)
    assert about(call)["http.response.status_code"] == 200
    assert about(settle)["merged"] == 2
    assert {span.context.trace_id for span in (append, claim, call, settle) if span.context} == {
        int(TRACE, 16)
    }


def test_a_command_without_a_delivery_begins_its_trace() -> None:
    """A sweep's, a person's, one of the command API; so does a call that is for no command."""
    (append,) = traced(ACCEPTED)
    (foreign,) = traced(ACCEPTED, within=Passage("ab" * 16, ""))
    (check,) = traced(
        CallAnswered("support", "c-1", "GetInteraction", "reconcile", "Ok", 200, "", "", 1.0, TRACE)
    )
    assert [ids(span)[1] for span in (append, foreign, check)] == [0, 0, 0]


def test_a_duplicate_is_a_span_of_its_own() -> None:
    """Nothing hangs beneath it: the first one did the work."""
    first, again = traced(ACCEPTED, REPEATED)
    assert ids(first)[0] != ids(again)[0]
    assert [about(span)["duplicate"] for span in (first, again)] == [False, True]


def test_a_request_of_a_client_is_a_delivery_as_well() -> None:
    """With what proved who it was beneath it, and its status; what it brought hangs there too."""
    append, delivery, verify = traced(ACCEPTED, REQUESTED, within=Passage(TRACE, SENDER))
    assert [span.name for span in (append, delivery, verify)] == ["append", "delivery", "verify"]
    assert ids(append)[1] == ids(verify)[1] == ids(delivery)[0]
    assert ids(delivery)[1] == int(SENDER, 16)
    assert about(delivery)["http.response.status_code"] == 202


def linked(span: ReadableSpan) -> list[tuple[int, int]]:
    """Return the traces and spans to which one leads."""
    return [(each.context.trace_id, each.context.span_id) for each in span.links]


def test_what_went_out_as_one_call_is_linked_both_ways() -> None:
    """The oldest one's settlement leads to the others' commands, and theirs to its own."""
    low, high = "1" * 32, "f" * 32
    mine, theirs = (span_of(trace, "support", "c-1", number) for trace, number in ((TRACE, 1), (low, 2)))
    settle, other, last = traced(replace(APPLIED, joined=((2, low), (3, high))))
    assert linked(settle) == [(int(low, 16), theirs), (int(high, 16), span_of(high, "support", "c-1", 3))]
    assert linked(other) == linked(last) == [(int(TRACE, 16), mine)]
    assert other.context
    assert (other.context.trace_id, ids(other)[1]) == (int(low, 16), theirs)
    assert (about(other)["verdict"], about(other)["sequence"], about(other)["into"]) == ("merged", 2, 3)


def test_each_of_them_is_kept_as_its_own_trace_says() -> None:
    """Whether the oldest one's is or not; a command without a trace leads nowhere."""
    low, high = "0" * 32, "f" * 32
    joined = replace(APPLIED, trace_id=high, joined=((2, low), (3, high), (4, "")))
    (other,) = traced(joined, ratio=0.5)
    assert other.context
    assert other.context.trace_id == int(low, 16)
    (alone,) = traced(replace(APPLIED, trace_id="", joined=((2, TRACE),)))
    assert linked(alone) == []


def test_what_went_wrong_is_marked() -> None:
    """A burial, and a call that failed; a try that will be repeated is no error yet."""
    lost = CallAnswered(
        "support", "c-1", "StopInteraction", "apply", "Unknown", None, "reset", "", 1.0, TRACE
    )
    call, again, buried = traced(lost, DEFERRED, BURIED)
    assert [span.status.status_code for span in (call, again, buried)] == [
        StatusCode.ERROR,
        StatusCode.UNSET,
        StatusCode.ERROR,
    ]
    assert about(again)["verdict"] == "again"
    assert about(buried)["cause"] == "rejected"


def test_every_process_keeps_the_same_share() -> None:
    """Decided by the trace id alone, so that no trace is kept in part."""
    low = CommandAccepted("support", "tickets", "c-1", "create", 1, "r1", "f" * 16 + "3" * 16)
    high = CommandAccepted("support", "tickets", "c-1", "create", 1, "r1", "0" * 16 + "b" * 16)
    assert [len(traced(low, high, ratio=ratio)) for ratio in (0.0, 0.5, 1.0)] == [0, 1, 2]


def test_what_has_no_trace_makes_no_span() -> None:
    """Nor does what is no step of a delivery."""
    untraced = CommandAccepted("support", "tickets", "c-1", "create", 1, "r1", "")
    assert traced(untraced, StoreDoubtful("answers before it has written")) == []


def test_a_receiver_gets_what_was_made() -> None:
    """By OTLP over HTTP, with the headers that it wants; closing sends what waits."""
    with receiving() as receiver:
        traces = Traces(to_receiver(receiver.url, {"authorization": "Bearer t"}), "worker")
        for event in (ACCEPTED, CLAIMED, CALLED, APPLIED):
            traces(event)
        traces.close()
        names = {span.name for span in receiver.trace(TRACE)}
    assert names == {"append", "claim", "call CreateInteraction", "settle"}
    assert receiver.headers[0]["authorization"] == "Bearer t"


@pytest.mark.parametrize("module", ["worker.tasks", "bridge.intake"])
def test_nothing_of_it_is_loaded_where_nobody_traces(module: str) -> None:
    """Neither its time nor its memory is spent, nor need it be installed."""
    loaded = "print(*(name for name in sys.modules if 'telemetry.traces' in name or 'otlp' in name))"
    code = f"import sys; sys.modules['opentelemetry.sdk'] = None; import {module}; {loaded}"
    command = [sys.executable, "-W", "ignore", "-c", code]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "\n"), ended.stderr
