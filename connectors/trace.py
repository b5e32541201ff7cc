"""Trace: the id that follows a delivery to the API call, where the sender began one (W3C Trace Context)."""

import re

from connectors.headers import Headers

# Version ff is forbidden and an all-zero trace id means none: https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?"
)


def sent_trace(headers: Headers) -> str | None:
    """Return the sender's trace id, None when there is no valid one."""
    found = _found(headers)
    return found[1] if found else None


def sent_span(headers: Headers, trace_id: str) -> str:
    """Return the sender's own span in a trace, empty when the trace is not the sender's."""
    found = _found(headers)
    return found[2] if found and found[1] == trace_id else ""


def _found(headers: Headers) -> re.Match[str] | None:
    sent = headers.all("traceparent")
    return _TRACEPARENT.fullmatch(sent[0].strip()) if sent else None
