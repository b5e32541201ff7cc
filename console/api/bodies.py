"""Bodies: what a request to the admin API may ask for."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints

from worker.commands import ExternalId
from worker.deadletters import Filter
from worker.frozen import Frozen

_Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
_Short = Annotated[str, StringConstraints(max_length=200)]
_Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
_Path = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^=]+$")]


class ReasonBody(Frozen):
    """Why; whoever looks next will read it."""

    reason: _Reason


class StopBody(ReasonBody):
    """How a channel is stopped, and why."""

    hold: bool = Field(
        default=False, description="Let messages in, in order, and deliver none; of api.NAME as well."
    )


class TryBody(Frozen):
    """A delivery, to see what a channel would make of it."""

    content: Annotated[str, StringConstraints(max_length=500_000)] = Field(
        description="An HTTP request as it goes over the wire, a body alone, or a mail."
    )
    headers: Mapping[_Short, _Short] = Field(default_factory=dict, description="Further headers.")
    proved: bool = Field(default=True, description="Whether it has to be proved genuine.")


class RetryBody(Frozen):
    """What to try now."""

    external_id: ExternalId | Literal[""] = Field(
        default="", description="One conversation; empty for all of the service."
    )


class ChoiceBody(Frozen):
    """Which dead letters are meant; what is not said does not matter."""

    ids: tuple[_Id, ...] = Field(default=(), max_length=10_000)
    cause: _Short = ""
    channel: _Short = ""
    external_id: _Short = ""
    since: AwareDatetime | None = None
    everything: bool = Field(default=False, description="All of them; needed when nothing else says which.")

    @property
    def wanted(self) -> Filter:
        """The same as a filter."""
        return Filter(frozenset(self.ids), self.cause, self.channel, self.external_id, self.since)


class ReplayBody(ChoiceBody):
    """Bring dead letters back."""

    rate: float = Field(default=20.0, ge=0.1, le=1000, description="At most so many a second.")


class DiscardBody(ChoiceBody):
    """Give dead letters up for good."""

    reason: _Reason


class EditBody(Frozen):
    """Mend a dead command and bring it back."""

    set: Mapping[_Path, JsonValue] = Field(
        default_factory=dict, description="New values by path, as in `user_data.Subject`."
    )
    unset: tuple[_Path, ...] = Field(default=(), max_length=1000, description="Paths to take out.")
    dry_run: bool = Field(default=False, description="Only say what would change.")


class SweepBody(Frozen):
    """Stop what went stale."""

    cap: int | None = Field(
        default=None, ge=1, le=1_000_000, description="At most so many; the settings' caps hold as well."
    )
