"""Operations: the calls of the Open Media API, as values.

Four verbs, three of which address an interaction by external id or by interaction id: the reference's seven
endpoints. A fifth one goes to a subscriber instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue

from worker.commands import UserData
from worker.interactions import Interaction


@dataclass(frozen=True, slots=True)
class ByExternalId:
    """Address an interaction as `ext_{externalId}`."""

    value: str


@dataclass(frozen=True, slots=True)
class ByInteractionId:
    """Address an interaction by the API's own id."""

    value: str


Reference = ByExternalId | ByInteractionId


@dataclass(frozen=True, slots=True)
class CreateInteraction:
    """`POST …/interactions`."""

    external_id: str | None
    user_data: UserData = field(default_factory=dict)
    received_at: datetime | None = None
    parent_interaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class GetInteraction:
    """`GET …/interactions/{reference}`."""

    reference: Reference


@dataclass(frozen=True, slots=True)
class UpdateInteraction:
    """`POST …/interactions/{reference}/update`."""

    reference: Reference
    changed: UserData = field(default_factory=dict)
    added: UserData = field(default_factory=dict)
    deleted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopInteraction:
    """`POST …/interactions/{reference}/stop`."""

    reference: Reference
    reason_system_name: str | None = None
    reason_description: str | None = None


@dataclass(frozen=True, slots=True)
class PostEvent:
    """`POST` to the address of a subscription, as Standard Webhooks has it."""

    #: What the receiver tells repetitions by.
    id: str
    #: As in `interaction.created`.
    type: str
    #: When it happened.
    at: datetime
    data: Mapping[str, JsonValue]


Operation = CreateInteraction | GetInteraction | UpdateInteraction | StopInteraction | PostEvent


class Purpose(StrEnum):
    """Why an operation is made: the same answer means different things after different questions."""

    APPLY = "apply"  #: the command's own call
    AFTER_CONFLICT = "after-conflict"  #: a look at what already bears our external id
    AFTER_UNKNOWN = "after-unknown"  #: a look at whether an earlier try's create took effect
    READ_BACK = "read-back"  #: a look at whether the create took effect whose answer has just been lost
    BEFORE_STOP = "before-stop"  #: a look at whether a sweep may stop it
    OVERWRITE = "overwrite"  #: a create that lost its external id, applied as an update


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on the way of a command, why it is made, and the ledger row it would act upon."""

    operation: Operation
    purpose: Purpose
    target: Interaction
