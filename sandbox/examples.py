"""Examples for the OpenAPI description of the levers: things a client is worth testing against."""

from collections.abc import Mapping
from typing import Any

from fastapi.openapi.models import Example

#: What is sent, by what it does.
Examples = Mapping[str, Any]

BEHAVIOURS: Examples = {
    "back to the defaults": {},
    "the id under another name, in no envelope": {"envelope": "bare", "id_field": "interactionId"},
    "a gateway in front: HTML for errors, 503 with a date": {
        "error_envelope": "html",
        "overload": "503-date",
    },
    "a stopped external id is taken for an hour": {"create_after_stop": "conflict", "conflict_for_s": 3600},
    "two creates at once are both accepted": {"racing_creates": "both"},
    "a 409 that does not mean that it exists": {"quota": 100},
}
RULES: Examples = {
    "a slow network: half of the calls take 40 ms, one of a hundred over 900 ms": [
        {"latency_ms": 40, "latency_p99_ms": 900}
    ],
    "every create takes effect, and every tenth answer is lost": [
        {"operation": "create", "kind": "reset_after_commit", "probability": 0.1}
    ],
    "the next update makes the API go away for five seconds": [
        {"operation": "update", "kind": "refuse", "refuse_ms": 5000, "times": 1}
    ],
    "the key of one service is disabled": [{"service": "support", "kind": "bad_key"}],
    "overload, and when to come again": [{"kind": "overload", "retry_after": 30, "probability": 0.5}],
}
SCRIPTS: Examples = {
    "fail twice, then answer": [{"kind": "status", "status": 500}, {"kind": "status", "status": 502}, {}],
    "the answer to a create is lost, and so is the next look": [
        {"operation": "create", "kind": "reset_after_commit"},
        {"operation": "get", "kind": "hang"},
    ],
    "an agent is faster than the next update": [{"operation": "update", "kind": "agent_finishes"}],
}


def openapi(examples: Examples) -> dict[str, Example]:
    """The examples as a request body describes them."""
    return {name: {"value": value} for name, value in examples.items()}
