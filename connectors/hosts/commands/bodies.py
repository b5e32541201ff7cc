"""Bodies: what a request may ask for. The words are those of `worker.commands`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, JsonValue, StringConstraints

from worker.commands import ExternalId, Name, OnConflict, OnEnded, OnMissing
from worker.frozen import Frozen
from worker.properties import PropertyName


def _written(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a time is a text as in 2026-11-23T12:00:00Z")  # noqa: TRY004 - pydantic's protocol
    return value


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time lies outside the years 1 to 9999 in UTC") from error


def _addressable(external_id: str) -> str:
    if external_id in {".", ".."}:
        raise ValueError("dots alone cannot stand in a path: they would be read as steps through it")
    return external_id


#: When it happened, with an offset.
Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
#: The conversation's external id; whatever it holds, it can be percent-encoded into a path.
AddressableId = Annotated[ExternalId, AfterValidator(_addressable)]

_Properties = Mapping[PropertyName, JsonValue]
_Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Text = Annotated[str, StringConstraints(max_length=4000)]


class _Body(Frozen):
    received_at: Moment | None = Field(
        default=None, description="When it happened (RFC 3339, with an offset). Without it: now."
    )


class CreateBody(_Body):
    """Open an interaction."""

    external_id: AddressableId = Field(description="Your name for the conversation; any printable text.")
    user_data: _Properties = Field(
        default_factory=dict,
        description="Properties attached to the interaction. Over the service's budget (16,000 bytes by "
        "default) the longest strings are shortened, with […] where something was left out.",
    )
    parent_interaction_id: _Line | None = Field(
        default=None, description="The API's id of the interaction that this one follows up."
    )
    on_conflict: OnConflict = Field(
        default=OnConflict.UPDATE,
        description="What to do when a live interaction that is not ours bears the external id.",
    )


class UpdateBody(_Body):
    """Change an interaction's properties."""

    changed: _Properties = Field(default_factory=dict, description="Sent as changedProperties.")
    added: _Properties = Field(default_factory=dict, description="Sent as addedProperties.")
    deleted: tuple[PropertyName, ...] = Field(
        default=(), max_length=1000, description="Sent as deletedProperties."
    )
    on_missing: OnMissing = Field(
        default=OnMissing.CREATE, description="What to do when the interaction was never created."
    )
    on_ended: OnEnded = Field(
        default=OnEnded.FOLLOW_UP, description="What to do when the interaction has ended."
    )


class StopBody(_Body):
    """End an interaction."""

    reason_system_name: _Line | None = Field(default=None, description="Sent as reasonSystemName.")
    reason_description: _Text | None = Field(default=None, description="Sent as reasonDescription.")


class SentBody(Frozen):
    """Say that a mail was sent into a conversation."""

    channel: Name = Field(description="The mail channel to which replies come.", examples=["mail"])
    message_id: Annotated[str, StringConstraints(min_length=1, max_length=998)] = Field(
        description="The mail's Message-ID, with or without brackets.", examples=["<7f3a@desk.example.com>"]
    )
    sender: Annotated[str, StringConstraints(max_length=320)] = Field(
        default="",
        description="The channel's address that it was sent from; needed where the channel counts once for "
        "each recipient.",
    )
