"""The page at `/`: what the sandbox holds and did lately. Plain HTML, everything in it escaped."""

import json
from collections.abc import Iterable, Sequence
from html import escape

from sandbox.audit import Entry
from sandbox.fault import Fault
from sandbox.interaction import Interaction
from sandbox.world import World

_REFRESH_S = 5
#: How many rows of each table are shown.
ROWS = 100
_CUT = 300
_STYLE = (
    "body{font:14px system-ui,sans-serif;margin:2rem;color:#222;background:#fff}"
    "table{border-collapse:collapse;width:100%;margin-bottom:2rem}"
    "th,td{border-bottom:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    "td{font-family:ui-monospace,monospace;font-size:12px;white-space:nowrap}"
    "td:last-child{white-space:normal;overflow-wrap:anywhere;min-width:20rem}"
    "table{display:block;overflow-x:auto}"
)


def page(world: World) -> str:
    """The whole page."""
    live = [interaction for interaction in world.state if interaction.live]
    entries = list(world.audit)[-ROWS:][::-1]
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        f"<meta http-equiv=refresh content={_REFRESH_S}><title>Open Media sandbox</title>"
        f"<style>{_STYLE}</style></head><body><h1>Open Media sandbox</h1>"
        f"<p>Services: {escape(', '.join(sorted(world.services)))}. "
        f"Live interactions: {len(live)}. Calls: {world.audit.last_seq}. "
        f"Fault rules: {len(world.faults.rules)}. Script steps left: {len(world.faults.script)}.</p>"
        f"<h2>Latest calls</h2>{_calls(entries)}"
        f"<h2>Latest live interactions</h2>{_interactions(live[-ROWS:][::-1])}"
        f"<h2>Fault rules</h2>{_levers(world.faults.rules)}"
        f"<h2>Script steps left</h2>{_levers(world.faults.script)}"
        f"<h2>Behaviour</h2><pre>{escape(json.dumps(world.behaviour.model_dump(), indent=2))}</pre>"
        "</body></html>"
    )


def _levers(faults: Sequence[Fault]) -> str:
    shown = "\n".join(json.dumps(fault.model_dump(exclude_defaults=True)) for fault in faults[:ROWS])
    return f"<pre>{escape(shown) or 'none'}</pre>"


def _calls(entries: Sequence[Entry]) -> str:
    names = (
        "seq",
        "at",
        "service",
        "operation",
        "externalId",
        "interactionId",
        "status",
        "effect",
        "answered",
        "fault",
    )
    shown = [entry.shown() for entry in entries]
    return _table((*names, "request"), ([*(row[name] for name in names), row["request"]] for row in shown))


def _interactions(live: Sequence[Interaction]) -> str:
    names = ("service", "externalId", "id", "receivedAt", "parentInteractionId", "userData")
    return _table(names, ([one.described()[name] for name in names] for one in live))


def _table(names: Iterable[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    kept = text if len(text) <= _CUT else f"{text[:_CUT]}…"
    return escape(kept.encode(errors="backslashreplace").decode())
