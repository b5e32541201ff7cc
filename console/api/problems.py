"""Problems of the admin API, as RFC 9457 wants them told, and which error is which. One table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi.exceptions import RequestValidationError

from connectors.hosts.body import TooLarge, TooSlow
from connectors.hosts.commands import problems as shared
from connectors.hosts.commands.problems import Kind, Problem
from console.actions import UnknownChannel
from console.choice import NoSuchLetter
from console.people import NotAllowed
from console.runs import NoSuchRun
from worker.errors import BridgeError, StoreUnavailable, UnknownService

#: Where a problem's type is explained: the name of the problem comes behind it.
TYPES: Final = "/admin/v1/problems/"


@dataclass(frozen=True, slots=True)
class AdminKind(Kind):
    """A kind of problem of this API."""

    @property
    def type(self) -> str:
        """The problem's type: a path on the server that sent it."""
        return TYPES + self.name


def _as_there(kind: Kind, meaning: str = "") -> AdminKind:
    """Return a kind that the command API has as well, with what it means here where that differs."""
    return AdminKind(kind.name, kind.status, kind.title, meaning or kind.meaning)


MALFORMED: Final = _as_there(
    shared.MALFORMED,
    "The body is not strict JSON in UTF-8, or the path is not UTF-8 beneath its percent-encoding. "
    "Nothing was done.",
)
INVALID: Final = _as_there(
    shared.INVALID,
    "A field is missing, unknown or of the wrong form; `errors` names each with its reason. "
    "Nothing was done.",
)
UNAUTHORIZED: Final = AdminKind(
    shared.UNAUTHORIZED.name,
    shared.UNAUTHORIZED.status,
    "No client has this token",
    "Send `Authorization: Bearer TOKEN` with one of the client's tokens (console.clients). Nothing was done.",
)
NOT_ALLOWED: Final = AdminKind(
    "not-allowed",
    403,
    "The role does not reach for this",
    "The client's role is too small for what was asked; the attempt stands in the audit log. "
    "Nothing was done.",
)
NOT_FOUND: Final = _as_there(
    shared.NOT_FOUND,
    "The path leads nowhere, or there is no such service, channel, dead letter, conversation or run.",
)
WRONG_METHOD: Final = _as_there(shared.WRONG_METHOD)
TOO_SLOW: Final = _as_there(shared.TOO_SLOW, "Nothing was done. Send it again.")
TOO_LARGE: Final = _as_there(shared.TOO_LARGE, "Nothing was done. Send less.")
WRONG_TYPE: Final = _as_there(
    shared.WRONG_TYPE,
    "Send `Content-Type: application/json` in UTF-8, and no Content-Encoding. Nothing was done.",
)
NOT_POSSIBLE: Final = AdminKind(
    "not-possible",
    422,
    "This cannot be done",
    "The request is well formed, but what it asks for does not fit what is there; `detail` says why.",
)
UNAVAILABLE: Final = _as_there(
    shared.UNAVAILABLE,
    "The store does not answer. Whether it was done is not known; every action may be repeated.",
)

KINDS: Final[Mapping[str, AdminKind]] = {
    kind.name: kind
    for kind in (
        MALFORMED,
        INVALID,
        UNAUTHORIZED,
        NOT_ALLOWED,
        NOT_FOUND,
        WRONG_METHOD,
        TOO_SLOW,
        TOO_LARGE,
        WRONG_TYPE,
        NOT_POSSIBLE,
        UNAVAILABLE,
    )
}


def explain(error: Exception) -> Problem | None:
    """Return what to tell of an error; None for a fault of ours."""
    match error:
        case Problem():
            kind = error.kind if isinstance(error.kind, AdminKind) else KINDS[error.kind.name]
            return Problem(kind, error.detail, headers=error.headers)
        case RequestValidationError():
            return Problem(INVALID, "The request does not say what it must.", errors=_reasons(error))
        case TooLarge():
            return Problem(TOO_LARGE, "The body is too large.")
        case TooSlow():
            return Problem(TOO_SLOW, "The body did not arrive in time.")
        case StoreUnavailable():
            return Problem(UNAVAILABLE, "The store does not answer.")
        case NotAllowed():
            return Problem(NOT_ALLOWED, f"{error}.")
        case UnknownService() | UnknownChannel() | NoSuchLetter() | NoSuchRun():
            return Problem(NOT_FOUND, f"{error}.")
        case BridgeError():
            return Problem(NOT_POSSIBLE, f"{error}.")
        case _:
            return None


def _reasons(error: RequestValidationError) -> list[dict[str, str]]:
    """Return where and why, without what was sent."""
    found = []
    for each in error.errors():
        at = ".".join(str(part) for part in each["loc"] if part != "[key]")
        found.append({"at": at, "reason": each["msg"].removeprefix("Value error, ")})
    return found
