"""What goes over the wire, and the dialects it can be said in.

Pure: a result and a behaviour give an answer.
"""

import json
from dataclasses import dataclass, replace

from sandbox.behaviour import Behaviour
from sandbox.interaction import Interaction
from sandbox.refusal import RefusedError

JSON = "application/json"
HTML = "text/html; charset=utf-8"

#: The words some of the family's APIs use where others use numbers.
_WORDS = {
    400: "INVALID_PARAMETER",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "ALREADY_EXISTS",
    413: "TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_ERROR",
    502: "BAD_GATEWAY",
    503: "UNAVAILABLE",
    504: "TIMEOUT",
}
_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One complete HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


def encode(value: object) -> bytes:
    """JSON in ASCII, so that no text a caller sent can make an answer fail."""
    return json.dumps(value).encode()


def success(interaction: Interaction, behaviour: Behaviour, trace: str) -> Answer:
    """An interaction, in the behaviour's envelope."""
    shown = interaction.shown(behaviour.id_field)
    match behaviour.envelope:
        case "status":
            body = encode({"status": {"code": 0, "message": "OK"}, "data": shown})
        case "string-codes":
            status = {"code": "SUCCESS", "message": "OK"}
            body = encode({"status": status, "operationId": trace, "data": shown})
        case "bare":
            body = encode(shown)
        case _:  # empty
            body = b""
    return Answer(status=_OK, body=body)


def refusal(error: RefusedError, behaviour: Behaviour, trace: str) -> Answer:
    """A refusal, in the behaviour's error envelope or the one it insists on."""
    answer = _refusal(error, behaviour, trace)
    if behaviour.failure_in_200:
        return replace(answer, status=_OK)
    return answer


def _refusal(error: RefusedError, behaviour: Behaviour, trace: str) -> Answer:
    envelope = error.envelope or behaviour.error_envelope
    if envelope == "empty":
        return Answer(status=error.status, headers=error.headers)
    if envelope == "html":
        return replace(gateway_page(error.status), headers=error.headers)
    body: dict[str, object] = {"status": {"code": error.status, "message": error.message}}
    if envelope == "string-codes":
        body = {"status": {"code": word(error.status), "message": error.message}, "operationId": trace}
    if error.interaction_id is not None:
        body["data"] = {behaviour.id_field: error.interaction_id}
    return Answer(status=error.status, body=encode(body), headers=error.headers)


def word(status: int) -> str:
    """The word for a status in the dialect of string codes."""
    return _WORDS.get(status, "ERROR")


def gateway_page(status: int) -> Answer:
    """What a gateway in front of the API sends in its own name."""
    page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>gateway</body></html>"
    return Answer(status=status, body=page.encode(), content_type=HTML)
