"""Traces: spans of OpenTelemetry, made of what the bridge reports. Imported only where traces are wanted.

A command is accepted by one process and delivered by another, perhaps a day later. What joins their spans is
nothing that would have to travel: the trace id stands in the command, and the id of the span under which
everything about a command hangs is computed from what every process knows of it.

    delivery ─┬─ verify
              └─ append ─┬─ claim      (each try)
                         ├─ call       (each call)
                         └─ settle     (each try)

A request to the command API is a delivery as well. A call for several waiting updates is in the oldest one's
trace; its `settle` is linked to the commands of the others, and theirs to its own.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from worker import events
from worker.events import Event
from worker.passage import PASSAGE

#: Spans that wait to be sent; more are let go: a receiver that is away must not fill the memory.
_WAITING: Final = 8192
_SENT_AT_ONCE: Final = 512
_EXPORT_TIMEOUT_S: Final = 10.0
_MS: Final = 1_000_000
_SCOPE: Final = InstrumentationScope("openmedia_bridge")
_FLAGS: Final = TraceFlags(TraceFlags.SAMPLED)
_WELL: Final = Status(StatusCode.UNSET)
#: What came of a call that is no fault of anybody.
_ANSWERS: Final = frozenset({"Ok", "NotFound", "Conflict"})


def span_of(*known: object) -> int:
    """Return the id of a span that several processes must know: computed of what all of them know."""
    text = "\0".join(map(str, known)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest()) or 1


class Traces:
    """Implements `worker.ports.Listener`: makes spans of events, and never waits for anybody."""

    def __init__(
        self,
        spans: SpanProcessor,
        process: str,
        *,
        ratio: float = 1.0,
        now: Callable[[], int] = time.time_ns,
        ids: Callable[[], int] = lambda: secrets.randbits(64) or 1,
    ) -> None:
        """`spans` takes what ended; `now` returns nanoseconds since the epoch, `ids` a new span id."""
        self._spans = spans
        self._least = int(ratio * 2**64)
        self._now = now
        self._ids = ids
        self._resource = Resource.create(
            {
                "service.name": "openmedia-bridge",
                "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
                "openmedia_bridge.process": process,
            }
        )
        self._tables: Mapping[type[Any], Callable[[Any], None]] = {
            events.DeliveryAnswered: self._delivery,
            events.RequestAnswered: self._request,
            events.CommandAccepted: self._accepted,
            events.CommandRepeated: self._repeated,
            events.LaneClaimed: self._claim,
            events.CallAnswered: self._call,
            events.CommandApplied: self._applied,
            events.CommandDeferred: self._deferred,
            events.CommandBuried: self._buried,
        }

    def __call__(self, event: Event) -> None:
        """Make the span that an event ends, where its trace is one of those that are kept."""
        make = self._tables.get(type(event))
        if make is not None and self._is_kept(getattr(event, "trace_id", "")):
            make(event)
        if isinstance(event, events.CommandApplied) and event.joined:
            self._joined(event)

    def close(self) -> None:
        """Send what waits, for as long as a receiver may take."""
        self._spans.shutdown()

    def _is_kept(self, trace_id: str) -> bool:
        return bool(trace_id) and int(trace_id[16:], 16) < self._least

    def _delivery(self, event: events.DeliveryAnswered) -> None:
        self._door(event, {"answer": event.answer})

    def _request(self, event: events.RequestAnswered) -> None:
        self._door(event, {"http.response.status_code": event.status})

    def _door(
        self, event: events.DeliveryAnswered | events.RequestAnswered, answered: Mapping[str, Any]
    ) -> None:
        end = self._now()
        begin = end - int(event.elapsed_ms * _MS)
        known = {"service": event.service, "channel": event.channel, **answered}
        own, above = span_of(event.trace_id, event.parent_id), int(event.parent_id or "0", 16)
        self._end("delivery", event.trace_id, above, (begin, end), known, own=own, kind=SpanKind.SERVER)
        self._end("verify", event.trace_id, own, (begin, begin + int(event.verify_ms * _MS)), known)

    def _accepted(self, event: events.CommandAccepted) -> None:
        own = span_of(event.trace_id, event.service, event.external_id, event.sequence)
        self._append(event, own)

    def _repeated(self, event: events.CommandRepeated) -> None:
        self._append(event, self._ids())

    def _append(self, event: events.CommandAccepted | events.CommandRepeated, own: int) -> None:
        end, passage = self._now(), PASSAGE.get()
        here = passage is not None and passage.trace_id == event.trace_id
        above = span_of(passage.trace_id, passage.parent_id) if passage and here else 0
        known = {
            **_command(event),
            "channel": event.channel,
            "kind": event.kind,
            "duplicate": isinstance(event, events.CommandRepeated),
        }
        begin = end - int(event.elapsed_ms * _MS)
        self._end("append", event.trace_id, above, (begin, end), known, own=own, kind=SpanKind.PRODUCER)

    def _claim(self, event: events.LaneClaimed) -> None:
        known = {"attempt": event.attempt, "stolen": event.stolen}
        self._beneath("claim", event, event.sequence, event.elapsed_ms, known, kind=SpanKind.CONSUMER)

    def _call(self, event: events.CallAnswered) -> None:
        known: dict[str, Any] = {"purpose": event.purpose, "outcome": event.outcome, "detail": event.detail}
        if event.status is not None:
            known["http.response.status_code"] = event.status
        failed = event.outcome not in _ANSWERS
        self._beneath(
            f"call {event.operation}",
            event,
            event.sequence,
            event.elapsed_ms,
            known,
            kind=SpanKind.CLIENT,
            failed=failed,
        )

    def _applied(self, event: events.CommandApplied) -> None:
        known = {"verdict": "applied", "note": event.note, "attempt": event.attempt, "merged": event.merged}
        others = [self._link(event, trace_id, sequence) for sequence, trace_id in event.joined if trace_id]
        self._beneath("settle", event, event.first, event.wrote_ms, known, links=others)

    def _joined(self, event: events.CommandApplied) -> None:
        """End, in the trace of each that went out with the oldest one, a span that leads to that one's."""
        known = {"verdict": "merged", "note": event.note, "into": event.sequence}
        oldest = [self._link(event, event.trace_id, event.first)] if event.trace_id else []
        for sequence, trace_id in event.joined:
            if self._is_kept(trace_id):
                own = replace(event, trace_id=trace_id)
                self._beneath("settle", own, sequence, event.wrote_ms, known, links=oldest)

    def _link(self, event: events.CommandApplied, trace_id: str, sequence: int) -> Link:
        """Return what leads to the span of another command of the same conversation."""
        span = span_of(trace_id, event.service, event.external_id, sequence)
        return Link(SpanContext(int(trace_id, 16), span, is_remote=True, trace_flags=_FLAGS))

    def _deferred(self, event: events.CommandDeferred) -> None:
        known = {"verdict": "again", "reason": event.reason, "attempt": event.attempt}
        self._beneath("settle", event, event.sequence, event.wrote_ms, known)

    def _buried(self, event: events.CommandBuried) -> None:
        known = {"verdict": "buried", "cause": event.cause, "reason": event.reason}
        self._beneath("settle", event, event.sequence, event.wrote_ms, known, failed=True)

    def _beneath(
        self,
        name: str,
        event: Any,  # noqa: ANN401 - an event about one command
        sequence: int,
        took_ms: float,
        known: Mapping[str, Any],
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        failed: bool = False,
        links: Sequence[Link] = (),
    ) -> None:
        """End a span beneath the one of its command; what is for no command stands alone."""
        end = self._now()
        above = span_of(event.trace_id, event.service, event.external_id, sequence) if sequence else 0
        whole = {**_command(event), "sequence": sequence, **known}
        begin = end - int(took_ms * _MS)
        self._end(name, event.trace_id, above, (begin, end), whole, kind=kind, failed=failed, links=links)

    def _end(
        self,
        name: str,
        trace_id: str,
        above: int,
        during: tuple[int, int],
        known: Mapping[str, Any],
        *,
        own: int | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        failed: bool = False,
        links: Sequence[Link] = (),
    ) -> None:
        trace = int(trace_id, 16)
        self._spans.on_end(
            ReadableSpan(
                name,
                context=SpanContext(trace, own or self._ids(), is_remote=False, trace_flags=_FLAGS),
                parent=SpanContext(trace, above, is_remote=True, trace_flags=_FLAGS) if above else None,
                resource=self._resource,
                attributes={_named(each): value for each, value in known.items() if value not in (None, "")},
                links=links,
                kind=kind,
                instrumentation_scope=_SCOPE,
                status=Status(StatusCode.ERROR) if failed else _WELL,
                start_time=during[0],
                end_time=during[1],
            )
        )


def to_receiver(url: str, headers: Mapping[str, str]) -> SpanProcessor:
    """Return what sends spans to a receiver of OTLP over HTTP, in batches and in the background."""
    exporter = OTLPSpanExporter(endpoint=url, headers=dict(headers), timeout=_EXPORT_TIMEOUT_S)
    return BatchSpanProcessor(exporter, max_queue_size=_WAITING, max_export_batch_size=_SENT_AT_ONCE)


def _command(event: Any) -> dict[str, Any]:  # noqa: ANN401 - an event about one command
    known = {"service": event.service, "external_id": event.external_id}
    return {**known, "sequence": event.sequence} if hasattr(event, "sequence") else known


def _named(name: str) -> str:
    """Return a name within our own namespace, unless it is one of OpenTelemetry's."""
    return name if "." in name else f"openmedia_bridge.{name}"
