"""The sender's trace."""

import pytest

from connectors.headers import Headers
from connectors.trace import sent_span, sent_trace

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


@pytest.mark.parametrize(
    "written", [f"00-{TRACE}-{SPAN}-01", f" 00-{TRACE}-{SPAN}-00 ", f"cc-{TRACE}-{SPAN}-01-x"]
)
def test_a_valid_trace_is_taken(written: str) -> None:
    """The trace id of a valid traceparent is taken, also from versions to come."""
    assert sent_trace(Headers([("Traceparent", written)])) == TRACE


@pytest.mark.parametrize(
    "written",
    [
        "",
        "nonsense",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
    ],
)
def test_an_invalid_trace_is_none(written: str) -> None:
    """What the standard forbids counts as no trace."""
    assert sent_trace(Headers([("traceparent", written)])) is None


def test_the_senders_own_span_is_known() -> None:
    """Ours hangs beneath it, where the trace is the sender's; another trace has no such span."""
    headers = Headers([("traceparent", f"00-{TRACE}-{SPAN}-01")])
    assert sent_span(headers, TRACE) == SPAN
    assert sent_span(headers, "ab" * 16) == ""
    assert sent_span(Headers(), TRACE) == ""
