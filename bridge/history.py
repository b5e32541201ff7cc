"""The history: what happened to a conversation, a line for each thing and one for each call to the API."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from pydantic import JsonValue
from rich.console import Console
from rich.text import Text

from bridge.moments import Clock
from worker.lanes import Entry

_STYLES: Final = {"applied": "green", "deferred": "yellow", "buried": "red", "discarded": "red"}
_INDENT: Final = "      "


def print_history(entries: Iterable[Entry], console: Console, clock: Clock) -> None:
    """Write it, oldest first; the calls stand indented under what came of them."""
    for entry in entries:
        what = Text(f"{entry.event:<9}", style=_STYLES.get(entry.event, ""))
        console.print(
            Text(clock(entry.at), style="dim"), f"{entry.sequence:>3}", what, _facts(entry.detail), sep="  "
        )
        for call in _calls(entry.detail):
            console.print(Text(_INDENT + _line(call, clock), style="dim"))


def _facts(detail: Mapping[str, JsonValue]) -> Text:
    shown = {name: value for name, value in detail.items() if name != "calls" and value not in (None, "")}
    return Text(", ".join(f"{name}: {value}" for name, value in shown.items()))


def _calls(detail: Mapping[str, JsonValue]) -> Iterator[Mapping[str, JsonValue]]:
    calls = detail.get("calls")
    if isinstance(calls, list):
        yield from (call for call in calls if isinstance(call, dict))


def _line(call: Mapping[str, JsonValue], clock: Clock) -> str:
    """Return one call: when, which and why, what came back, and the id to ask the API's people about."""

    def word(name: str) -> str:
        return str(call.get(name, ""))

    at = call.get("at")
    answer = " ".join(filter(None, (word("outcome"), word("status"), word("detail"))))
    parts = (
        clock(datetime.fromisoformat(at)) if isinstance(at, str) else "",
        f"{word('call')} ({word('purpose')})" if "purpose" in call else word("call"),
        f"→ {answer}",
        f"[request {word('request_id')}]" if "request_id" in call else "",
    )
    return "  ".join(filter(None, parts))
