"""Timelines: the history of a conversation, as people read it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from worker.lanes import Entry

#: How each event is coloured; the word says the same.
_TONES: Final = {
    "received": "info",
    "replayed": "info",
    "applied": "good",
    "deferred": "warn",
    "buried": "bad",
    "discarded": "bad",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call to the API."""

    at: datetime | None
    what: str
    answer: str
    #: What the API's people can be asked about.
    request_id: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened."""

    at: datetime
    event: str
    tone: str
    sequence: int
    trace_id: str
    facts: tuple[tuple[str, str], ...]
    calls: tuple[Call, ...]


def timeline(history: Iterable[Entry]) -> tuple[Moment, ...]:
    """Return what happened, newest first."""
    return tuple(reversed([_moment(each) for each in history]))


def _moment(entry: Entry) -> Moment:
    return Moment(
        at=entry.at,
        event=entry.event,
        tone=_TONES.get(entry.event, "idle"),
        sequence=entry.sequence,
        trace_id=entry.trace_id,
        facts=tuple(
            (name.replace("_", " "), str(value))
            for name, value in entry.detail.items()
            if name != "calls" and value not in (None, "")
        ),
        calls=tuple(_calls(entry.detail)),
    )


def _calls(detail: Mapping[str, JsonValue]) -> Iterable[Call]:
    calls = detail.get("calls")
    return [_call(each) for each in calls if isinstance(each, dict)] if isinstance(calls, list) else []


def _call(call: Mapping[str, JsonValue]) -> Call:
    def word(name: str) -> str:
        return str(call.get(name) or "")

    at = call.get("at")
    purpose = f" ({word('purpose')})" if "purpose" in call else ""
    return Call(
        at=datetime.fromisoformat(at) if isinstance(at, str) else None,
        what=word("call") + purpose,
        answer=" ".join(filter(None, (word("outcome"), word("status"), word("detail")))),
        request_id=word("request_id"),
    )
