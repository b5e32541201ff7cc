"""Outcomes: what came of a call, in the few ways that matter to a decision.

The split that counts is between *it did not happen* (`Failed`), *it was refused* (`Rejected`, `Unauthorized`,
`Overloaded`) and *nobody knows* (`Unknown`).
"""

from dataclasses import dataclass, field

from worker.commands import UserData


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an operator needs to see of a call; never a secret, never a whole body."""

    #: The HTTP status, or None when no answer was read.
    status: int | None = None
    #: One sentence: the answer's message, or the transport's error.
    detail: str = ""
    #: The correlation id the answer carried, where it did.
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An interaction as an answer described it. Everything may be missing: the reference promises nothing."""

    interaction_id: str | None = None
    external_id: str | None = None
    state: str | None = None
    user_data: UserData = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ok:
    """The call took effect; the snapshot is None where the answer described nothing."""

    evidence: Evidence
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class NotFound:
    """404: no such interaction, or no such service."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Conflict:
    """409: a live interaction bears this external id, or something else stands in the way."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Rejected:
    """400 and its like: the request is wrong and will be wrong tomorrow."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Unauthorized:
    """401, 403: the API key is missing, unknown or not allowed."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Overloaded:
    """429, 503: come again, in so many seconds where the answer says."""

    evidence: Evidence
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It went wrong; `reached` says whether the request may have been read by the server at all."""

    evidence: Evidence
    reached: bool = True


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request was sent and no usable answer came back: it may or may not have taken effect."""

    evidence: Evidence


Outcome = Ok | NotFound | Conflict | Rejected | Unauthorized | Overloaded | Failed | Unknown
