"""The JSON shapes of `/sandbox/*` for the OpenAPI description; answers are built where the facts are."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from sandbox.call import Operation

#: About a hundred years; further away, dates end.
_FARTHEST_S = 3.2e9
#: Nobody can end an outage early, so it is no longer than a day.
_LONGEST_OUTAGE_S = 86_400


class ClockSetting(BaseModel):
    """How far the sandbox's clock is ahead of the machine's."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    offset_s: Annotated[float, Field(ge=-_FARTHEST_S / 4, le=_FARTHEST_S)]


class ClockShown(BaseModel):
    """The sandbox's clock."""

    offset_s: float
    now: str


class OutageSetting(BaseModel):
    """For how long every connection is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    for_s: Annotated[float, Field(gt=0, le=_LONGEST_OUTAGE_S)]


class AuditEntry(BaseModel):
    """One call to one of the seven endpoints."""

    seq: int
    at: str
    service: str
    operation: Operation
    externalId: str | None  # noqa: N815  # the API's own spelling
    interactionId: str | None  # noqa: N815  # as above
    status: int | None
    request: JsonValue
    effect: bool
    answered: bool
    fault: str | None


class InteractionShown(BaseModel):
    """One interaction, live or ended."""

    id: str
    service: str
    externalId: str | None  # noqa: N815  # the API's own spelling
    parentInteractionId: str | None  # noqa: N815  # as above
    mediaType: str  # noqa: N815  # as above
    state: Literal["active", "stopped"]
    receivedAt: str  # noqa: N815  # as above
    userData: dict[str, JsonValue]  # noqa: N815  # as above
    createdAt: str  # noqa: N815  # as above
    endedAt: str | None  # noqa: N815  # as above
    endedBy: Literal["stop", "agent"] | None  # noqa: N815  # as above
    reason: dict[str, str] | None


class Detail(BaseModel):
    """Why a call to `/sandbox/*` came to nothing."""

    detail: str


class Health(BaseModel):
    """The answer of a sandbox that is up."""

    status: Literal["ok"] = "ok"
