"""Answers: what an HTTP answer means. Pure: no socket, no clock, no operation.

The HTTP status decides. The body decides only where the status claims success: a 2xx whose `status.code` is
not a success is read as the status that its code stands for, and a 2xx that cannot be read leaves everybody
in doubt, because the call may have taken effect.
"""

from collections.abc import Mapping
from datetime import datetime

from worker.api.envelopes import Envelope, Garbage, unwrap
from worker.api.evidence import identifier, sentence
from worker.api.waits import seconds
from worker.outcomes import (
    Conflict,
    Evidence,
    Failed,
    NotFound,
    Ok,
    Outcome,
    Overloaded,
    Rejected,
    Unauthorized,
    Unknown,
)

#: What `status.code` may be in a success (contract: success envelope; 200 because some echo the status).
SUCCESS_CODES: frozenset[int | str | None] = frozenset({None, 0, 1, 200, "SUCCESS", "OK"})

#: The status that each known word of the vendor's family stands for.
STATUS_OF_WORD: Mapping[str, int] = {
    "BAD_REQUEST": 400,
    "INVALID_PARAMETER": 400,
    "INVALID_PARAMETERS": 400,
    "INVALID_REQUEST": 400,
    "MISSING_PARAMETER": 400,
    "VALIDATION_ERROR": 400,
    "UNAUTHENTICATED": 401,
    "UNAUTHORIZED": 401,
    "ACCESS_DENIED": 403,
    "FORBIDDEN": 403,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "CONFLICT": 409,
    "RESOURCE_ALREADY_EXISTS": 409,
    "RATE_LIMIT_EXCEEDED": 429,
    "TOO_MANY_REQUESTS": 429,
    "INTERNAL_ERROR": 500,
    "INTERNAL_SERVER_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
    "UNAVAILABLE": 503,
}

_OVERLOADED = frozenset({429, 503})
_REFUSALS: Mapping[int, type[Unauthorized | NotFound | Conflict | Failed | Unknown]] = {
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    408: Failed,
    409: Conflict,
    425: Failed,
    # A gateway heard nothing to pass on (RFC 9110, 15.6.3 and 15.6.5): the API behind it may be at it still.
    502: Unknown,
    504: Unknown,
}

_REQUEST_ID_HEADERS = ("x-b3-traceid", "x-request-id", "x-correlation-id")
# What the body's code stands for when nobody knows it: something went wrong, come again.
_NO_KNOWN_STATUS = 500


def read(
    status: int,
    headers: Mapping[str, str],
    body: bytes | None,
    *,
    now: datetime,
    secret: str = "",
) -> Outcome:
    """Return what the answer means. Never raises, whatever the answer holds.

    Args:
        status: The HTTP status.
        headers: Looked up by lower-case names.
        body: The whole body, or None when it was too long to be read.
        now: What a `Retry-After` date is measured against.
        secret: The API key, masked wherever the answer quotes it.
    """
    said = unwrap(body, content_type=headers.get("content-type", ""))
    if isinstance(said, Garbage):
        evidence = Evidence(status, f"HTTP {status} with {said.looks}", _request_id(headers, ""))
        return Unknown(evidence) if _is_success(status) else _refusal(status, evidence, headers, now)
    request_id = _request_id(headers, said.operation_id)
    if _is_success(status) and said.code in SUCCESS_CODES:
        return Ok(Evidence(status, sentence(said.message, secret=secret), request_id), said.snapshot)
    evidence = Evidence(status, sentence(_complaint(status, said), secret=secret), request_id)
    meant = _meant_status(said.code) if _is_success(status) else status
    return _refusal(meant, evidence, headers, now)


def _is_success(status: int) -> bool:
    return status // 100 == 2  # noqa: PLR2004 - the class of successes, RFC 9110 section 15.3


def _meant_status(code: int | str | None) -> int:
    number = code if isinstance(code, int) else STATUS_OF_WORD.get(code or "", _NO_KNOWN_STATUS)
    return number if number // 100 in {4, 5} else _NO_KNOWN_STATUS


def _complaint(status: int, said: Envelope) -> str:
    if _is_success(status):
        return f"HTTP {status}, but the body says {said.code}: {said.message or 'no message'}"
    return said.message or f"HTTP {status} without a message"


def _refusal(status: int, evidence: Evidence, headers: Mapping[str, str], now: datetime) -> Outcome:
    if status in _OVERLOADED:
        return Overloaded(evidence, seconds(headers.get("retry-after"), now=now))
    if status in _REFUSALS:
        return _REFUSALS[status](evidence)
    if status // 100 == 4:  # noqa: PLR2004 - the class of client errors, RFC 9110 section 15.5
        return Rejected(evidence)
    if status // 100 in {1, 3}:
        return Failed(Evidence(status, _not_followed(status), evidence.request_id))
    return Failed(evidence)


def _not_followed(status: int) -> str:
    return f"HTTP {status} is no final answer; redirects are not followed, the base URL must be the API's own"


def _request_id(headers: Mapping[str, str], operation_id: str) -> str:
    for name in _REQUEST_ID_HEADERS:
        if value := headers.get(name):
            return identifier(value)
    return identifier(operation_id)
