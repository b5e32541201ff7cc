"""Problems: everything that can be wrong with a request, as RFC 9457 wants it told. One table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from starlette.responses import Response

from connectors.hosts.answers import RETRY_AFTER_S

#: Where a problem's type is explained: the name of the problem comes behind it.
TYPES: Final = "/v1/problems/"
MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem, the same wherever it occurs."""

    #: The last part of its type, and of its counter.
    name: str
    status: int
    title: str
    #: What it means and what to do, for whoever follows the type.
    meaning: str

    @property
    def type(self) -> str:
        """The problem's type: a path on the server that sent it."""
        return TYPES + self.name


MALFORMED: Final = Kind(
    "malformed-request",
    400,
    "The request cannot be read",
    "The body is not strict JSON in UTF-8 (one object; no key twice, no NaN, no half of a character pair, "
    "not too deep), or the path is not UTF-8 beneath its percent-encoding. Nothing was accepted.",
)
INVALID: Final = Kind(
    "invalid-request",
    400,
    "The request does not say what it must",
    "A field is missing, unknown or of the wrong form; `errors` names each with its reason. Nothing was "
    "accepted. Mend the request.",
)
NO_KEY: Final = Kind(
    "idempotency-key-missing",
    400,
    "Idempotency-Key is missing or malformed",
    "Every command needs the header Idempotency-Key with a string of 1 to 255 characters in double quotes, "
    'as in "8e03978e-40d5-43dd-bc93-6894a57f9324". Nothing was accepted.',
)
USER_DATA: Final = Kind(
    "user-data-refused",
    400,
    "The user data cannot be sent",
    "It names a property that belongs to the system, or is over its budget and has no strings to shorten. "
    "Nothing was accepted. Mend the request.",
)
UNAUTHORIZED: Final = Kind(
    "unauthorized",
    401,
    "No client has this key",
    "Send `Authorization: Bearer KEY` with one of the client's keys. Nothing was read.",
)
FORBIDDEN: Final = Kind(
    "service-not-allowed",
    403,
    "The client may not use this service",
    "The service is not among those configured for the client, or does not exist. Nothing was read.",
)
NOT_FOUND: Final = Kind(
    "not-found",
    404,
    "There is nothing here",
    "The path leads nowhere, or nothing is known of this interaction or command. What has ended is forgotten "
    "after its retention.",
)
WRONG_METHOD: Final = Kind(
    "method-not-allowed", 405, "Wrong method", "The header Allow names the methods that this path takes."
)
ELSEWHERE: Final = Kind(
    "message-elsewhere",
    409,
    "The mail belongs to another conversation",
    "A mail with this Message-ID is known already, and replies to it go to the conversation that "
    "`external_id` names. That stays so.",
)
TOO_SLOW: Final = Kind(
    "too-slow", 408, "The body did not arrive in time", "Nothing was accepted. Send it again."
)
TOO_LARGE: Final = Kind("too-large", 413, "The body is too large", "Nothing was accepted. Send less.")
WRONG_TYPE: Final = Kind(
    "unsupported-media-type",
    415,
    "The body is not plain JSON",
    "Send `Content-Type: application/json` in UTF-8, and no Content-Encoding. Nothing was accepted.",
)
KEY_REUSED: Final = Kind(
    "idempotency-key-reused",
    422,
    "The key was used for another command",
    "A command with this Idempotency-Key was accepted before, and it asked for something else. The first one "
    "stands; this one was not accepted. Use a new key for a new command.",
)
API_FAILED: Final = Kind(
    "api-failed",
    502,
    "The Open Media API gave no usable answer",
    "Only live reads say this. The ledger's view, without `live`, needs no answer of the API.",
)
LANE_FULL: Final = Kind(
    "lane-full",
    503,
    "Too many commands wait for this interaction",
    "Nothing was accepted. Send it again, with the same Idempotency-Key, after Retry-After seconds.",
)
UNAVAILABLE: Final = Kind(
    "unavailable",
    503,
    "The bridge cannot do this now",
    "Whether the command was accepted is not known. Send it again, with the same Idempotency-Key, after "
    "Retry-After seconds: if it was accepted, you get its first receipt.",
)

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        MALFORMED,
        INVALID,
        NO_KEY,
        USER_DATA,
        UNAUTHORIZED,
        FORBIDDEN,
        NOT_FOUND,
        WRONG_METHOD,
        ELSEWHERE,
        TOO_SLOW,
        TOO_LARGE,
        WRONG_TYPE,
        KEY_REUSED,
        API_FAILED,
        LANE_FULL,
        UNAVAILABLE,
    )
}


class Problem(Exception):
    """A request cannot be answered as it asks; the text is fit for its sender."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: str | Sequence[Mapping[str, str]],
    ) -> None:
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self._more = more
        super().__init__(detail)

    def response(self) -> Response:
        """Return the answer."""
        kind = self.kind
        content = {"type": kind.type, "title": kind.title, "status": kind.status, "detail": self.detail}
        headers = self.headers
        if kind.status == UNAVAILABLE.status:
            headers = {"Retry-After": str(RETRY_AFTER_S), **headers}
        return Response(orjson.dumps({**content, **self._more}), kind.status, headers, MEDIA_TYPE)
