"""The description: what OpenAPI 3.1 says beyond what FastAPI reads from the operations themselves."""

from typing import Any, Final

from fastapi import FastAPI

from connectors.hosts.commands import problems
from connectors.hosts.commands.answers import Accepted
from connectors.hosts.commands.frame import document, responses

TITLE: Final = "openmedia-bridge"
VERSION: Final = "1"
_INTRODUCTION: Final = (
    "Commands for Open Media interactions: create, update and stop, by your own external id. A command is "
    "accepted once it is on disk; from then on it takes effect once, in the order of its conversation, or "
    "becomes a dead letter that a person looks at. The answer names where to read what became of it."
)

CREATE: Final[dict[str, Any]] = {
    "create": {
        "summary": "Open an interaction",
        "value": {"external_id": "order/1042", "user_data": {"Subject": "Where is my parcel?"}},
    }
}
UPDATE: Final[dict[str, Any]] = {
    "update": {
        "summary": "Change one property and delete another",
        "value": {"changed": {"Status": "delayed"}, "deleted": ["Hint"]},
    }
}
STOP: Final[dict[str, Any]] = {
    "stop": {"summary": "End it with a reason", "value": {"reason_system_name": "Resolved"}}
}

#: What a problem may say besides.
_PROBLEM: Final = {
    "first_fingerprint": {"description": "Of what was accepted under the key."},
    "second_fingerprint": {"description": "Of what came now."},
    "external_id": {"description": "The conversation to which a sent mail belongs."},
}
_HEADERS: Final[list[dict[str, Any]]] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "Your name for this command, in double quotes; sent again, it counts once.",
        "schema": {"type": "string", "pattern": r'^"[A-Za-z0-9_.:-]{1,255}"$'},
        "example": '"order-1042-opened"',
    },
    {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "description": "`wait=5` waits up to five seconds for what becomes of the command (RFC 7240).",
        "schema": {"type": "string", "pattern": "^wait=[0-9]{1,4}$"},
        "example": "wait=5",
    },
]
_LOCATION: Final = {
    "description": "Where to read what became of the command.",
    "schema": {"type": "string", "format": "uri-reference"},
    "required": True,
}
_PREFERENCE: Final = {
    "description": "The wait that was granted, where one was.",
    "schema": {"type": "string"},
}


_ALWAYS: Final = (
    problems.MALFORMED,
    problems.INVALID,
    problems.UNAUTHORIZED,
    problems.FORBIDDEN,
    problems.NOT_FOUND,
    problems.UNAVAILABLE,
)

#: What FastAPI is told of an operation that submits a command.
COMMAND: Final[dict[str, Any]] = {
    "status_code": 202,
    "response_model": Accepted,
    "response_description": "Accepted; its outcome is not known yet, or nobody asked.",
    "responses": {
        200: {
            "model": Accepted,
            "description": "Accepted, and its outcome is known.",
            "headers": {"Location": _LOCATION, "Preference-Applied": _PREFERENCE},
        },
        202: {"headers": {"Location": _LOCATION, "Preference-Applied": _PREFERENCE}},
        **responses(
            *_ALWAYS,
            problems.NO_KEY,
            problems.USER_DATA,
            problems.TOO_SLOW,
            problems.TOO_LARGE,
            problems.WRONG_TYPE,
            problems.KEY_REUSED,
            problems.LANE_FULL,
        ),
    },
    "openapi_extra": {"parameters": _HEADERS},
}
#: What FastAPI is told of the operation that says what was sent.
SENT: Final[dict[str, Any]] = {
    "response_description": "Replies to the mail go to this conversation.",
    "responses": {
        **responses(*_ALWAYS, problems.ELSEWHERE, problems.TOO_SLOW, problems.TOO_LARGE, problems.WRONG_TYPE),
        "4XX": {"description": "A problem"},
    },
}
#: What FastAPI is told of an operation that only reads.
QUESTION: Final[dict[str, Any]] = {
    # 422 is named so that FastAPI does not add its own, which is never sent.
    "responses": {**responses(*_ALWAYS, problems.API_FAILED), "4XX": {"description": "A problem"}},
}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application."""
    return document(app, _INTRODUCTION, problem=_PROBLEM)
