"""Commands: what a channel asks to happen to one interaction, and what a subscriber is to be told.

A command is complete when it leaves the door: nothing later looks at the delivery it came from. Field names
and meanings follow the Open Media API (`POST /nexus/v3/openmedia/{service}/interactions` and its siblings).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

import orjson
from pydantic import AwareDatetime, Field, JsonValue, StringConstraints, TypeAdapter

from worker.frozen import Frozen
from worker.notices import Notice

_SLUG = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"

#: The unique name of a configured service or channel: a slug, because it stands in URLs, keys and labels.
Name = Annotated[str, StringConstraints(pattern=_SLUG)]
#: The external id of a conversation: any printable text; percent-encoded on the way to the API.
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
#: What makes two submissions the same one. Begins with the channel's name and a colon.
IdempotencyKey = Annotated[str, StringConstraints(min_length=1, max_length=500)]
#: 32 hex digits, or nothing: safe in a header.
TraceId = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{32})?$")]
#: Properties attached to an interaction; one flat namespace shared with the system's own.
UserData = Mapping[str, JsonValue]

_PLAIN_ID = re.compile(r"[^A-Za-z0-9._-]+")
_CHANNEL_PART = 40
# What differs between two deliveries of the same message.
_APART = frozenset({"idempotency_key", "received_at", "trace_id", "guard"})
# Of a guarded command its key says all: two sweeps put the same thing into other words.
_SAID = frozenset({"service", "external_id", "channel", "kind"})


class OnConflict(StrEnum):
    """What a create does when the external id is live and not ours (HTTP 409)."""

    UPDATE = "update"  #: apply the create's user data as an update of what is there
    ADOPT = "adopt"  #: take what is there as it is
    FOLLOW_UP = "follow-up"  #: open a new generation beside it
    BURY = "bury"  #: let a person decide


class OnMissing(StrEnum):
    """What an update does when its interaction was never created (HTTP 404)."""

    CREATE = "create"  #: create the interaction from the update
    DROP = "drop"  #: nothing to do
    BURY = "bury"  #: let a person decide


class OnEnded(StrEnum):
    """What an update does when its interaction has ended."""

    FOLLOW_UP = "follow-up"  #: open a new generation with parentInteractionId
    DROP = "drop"  #: nothing to do
    BURY = "bury"  #: let a person decide


class Guard(Frozen):
    """What must still be so when a command of a sweep is carried out; otherwise nothing is done.

    A guarded command is no activity: neither its arrival nor its end makes an interaction less idle.
    """

    #: The last activity that the sweep saw: there must have been none since, and nothing newer may wait.
    idle_since: AwareDatetime
    #: The states, as the API calls them, in which the interaction may be stopped; empty takes any.
    states: tuple[str, ...] = ()
    #: User data that exempts the interaction: property → the values that do.
    exempt: Mapping[str, tuple[JsonValue, ...]] = Field(default_factory=dict)
    #: The sweep that decided it.
    sweep: str


class _Command(Frozen):
    #: The open media service that holds the interaction.
    service: Name
    #: The conversation, as the lane and the ledger know it. Follow-ups share it.
    external_id: ExternalId
    #: The sender's identifier of this message, with the channel's name in front.
    idempotency_key: IdempotencyKey
    #: The channel through which it came.
    channel: Name
    #: When it happened: the sender's word where there is one, otherwise the arrival at our door.
    received_at: AwareDatetime
    #: 32 hex digits that follow the command from the door to the API call; empty where nobody traces.
    trace_id: TraceId = ""

    @property
    def fingerprint(self) -> str:
        """The first 16 hex digits of a SHA-256 over what is asked for.

        Times, traces and the key itself are left out: the same message sent twice has the same fingerprint.
        """
        content = {name: value for name, value in vars(self).items() if name not in _APART}
        if guard_of(self):
            content = {name: content[name] for name in _SAID}
        return hashlib.sha256(_canonical(content)).hexdigest()[:16]


def _canonical(content: Mapping[str, object]) -> bytes:
    """Return content as JSON that is the same for the same content, whatever the order of its names."""
    try:
        return orjson.dumps(content, default=dict, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # A number beyond 64 bits, which JSON allows and orjson does not write.
        return json.dumps(content, default=dict, sort_keys=True).encode()


class Create(_Command):
    """Open the interaction."""

    kind: Literal["create"] = "create"
    #: Sent as `userData`.
    user_data: UserData = Field(default_factory=dict)
    #: Sent as `parentInteractionId`, where the sender knows one.
    parent_interaction_id: str | None = None
    on_conflict: OnConflict = OnConflict.UPDATE


class Update(_Command):
    """Change properties of the interaction."""

    kind: Literal["update"] = "update"
    #: Sent as `changedProperties`.
    changed: UserData = Field(default_factory=dict)
    #: Sent as `addedProperties`.
    added: UserData = Field(default_factory=dict)
    #: Sent as `deletedProperties`.
    deleted: tuple[str, ...] = ()
    on_missing: OnMissing = OnMissing.CREATE
    on_ended: OnEnded = OnEnded.FOLLOW_UP
    #: Set where a sweep warns.
    guard: Guard | None = None

    @property
    def surviving(self) -> UserData:
        """The user data an interaction would have if it began with this update."""
        merged = {**self.changed, **self.added}
        return {name: value for name, value in merged.items() if name not in self.deleted}


class Stop(_Command):
    """End the interaction."""

    kind: Literal["stop"] = "stop"
    #: Sent as `reasonSystemName`.
    reason_system_name: str | None = None
    #: Sent as `reasonDescription`.
    reason_description: str | None = None
    #: Set where a sweep stops.
    guard: Guard | None = None


class Notify(_Command):
    """Tell a subscriber what happened. Its service is the subscription, and no door takes one."""

    kind: Literal["notify"] = "notify"
    notice: Notice


Command = Annotated[Create | Update | Stop | Notify, Field(discriminator="kind")]

_COMMANDS: TypeAdapter[Create | Update | Stop | Notify] = TypeAdapter(Command)


def guard_of(command: _Command) -> Guard | None:
    """Return what a sweep's command depends on; None for everybody else's."""
    # Not by `isinstance`, which is slow of pydantic's classes: each command is asked several times.
    guard: Guard | None = vars(command).get("guard")
    return guard


def encode(command: Command) -> bytes:
    """Return the command as JSON, the form in which a lane holds it."""
    try:
        return orjson.dumps(vars(command), default=dict, option=orjson.OPT_UTC_Z)
    except TypeError:
        # A number beyond 64 bits, which JSON allows and orjson does not write.
        return _COMMANDS.dump_json(command)


def decode(text: bytes | str) -> Command:
    """Return the command that `encode` wrote; raises pydantic's ValidationError for anything else."""
    return _COMMANDS.validate_json(text)


def conversation_id(channel: str, native_id: str) -> str:
    """Return the external id of what a channel calls `native_id`: the channel's name and a hash.

    At most 64 characters, safe in URLs, and free of personal data, because external ids end up in logs.
    """
    digest = hashlib.sha256(native_id.encode("utf-8", "surrogatepass")).hexdigest()[:22]
    return f"{_PLAIN_ID.sub('-', channel)[:_CHANNEL_PART]}-{digest}"
