"""Rules: what a channel does with the events it recognises.

A rule says when it applies and what it does. What it does not say itself, the channel's options say for all
rules together.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, Self

from pydantic import Field, model_validator

from connectors.webhook.expression import Expression, ExpressionField, Fixed, Identity, IdentityField
from worker.commands import OnConflict, OnEnded, OnMissing
from worker.frozen import Frozen
from worker.properties import PropertyName

Asks = Expression | Fixed | Identity


class Action(StrEnum):
    """What an event asks for."""

    CREATE = "create"  #: open the interaction
    UPDATE = "update"  #: change it
    UPSERT = "upsert"  #: change it, or open it if there is none
    STOP = "stop"  #: end it
    IGNORE = "ignore"  #: nothing
    GREET = "greet"  #: nothing but an answer: the sender asks whether somebody is there


class Terms(Frozen):
    """What rules may say, and the channel's options for all of them."""

    #: Finds the sender's id of the conversation; several expressions are one id together.
    external_id: IdentityField | None = None
    #: Use that id as it is, instead of the channel's name and a hash. Ids end up in logs.
    plain_ids: bool = False
    #: Finds the sender's id of this event, the same whenever it is delivered again. Without one, a hash of
    #: the body tells deliveries apart.
    idempotency_key: IdentityField | None = None
    #: Finds when it happened: ISO 8601 (UTC without an offset), or seconds or milliseconds since 1970.
    #: Default: the arrival.
    received_at: ExpressionField | None = None
    #: Finds each property, for creates and updates; what is not found is left out.
    user_data: Mapping[PropertyName, ExpressionField] = Field(default_factory=dict)
    #: Finds further properties that an update changes, and those that it adds.
    changed: Mapping[PropertyName, ExpressionField] = Field(default_factory=dict)
    added: Mapping[PropertyName, ExpressionField] = Field(default_factory=dict)
    #: Finds a list of properties that an update deletes.
    deleted: ExpressionField | None = None
    #: Finds a stop's reason: its system name, and in words.
    reason_system_name: ExpressionField | None = None
    reason_description: ExpressionField | None = None
    #: Whether every value of the user data is sent as text.
    as_text: bool = False
    on_conflict: OnConflict = OnConflict.UPDATE
    on_missing: OnMissing = OnMissing.CREATE
    on_ended: OnEnded = OnEnded.FOLLOW_UP

    def asked(self) -> Iterator[tuple[str, Asks]]:
        """Yield every expression with the key it stands under."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, Mapping):
                yield from ((f"{name}.{key}", each) for key, each in value.items() if isinstance(each, Asks))
            elif isinstance(value, Asks):
                yield name, value


_CHANGES: Final = frozenset({Action.UPDATE, Action.UPSERT})
_COMMANDS: Final = _CHANGES | {Action.CREATE, Action.STOP}
#: What each key is for; a rule that does something else has no use for it.
_SUITS: Final[Mapping[str, frozenset[Action]]] = {
    "external_id": _COMMANDS,
    "plain_ids": _COMMANDS,
    "idempotency_key": _COMMANDS,
    "received_at": _COMMANDS,
    "user_data": _CHANGES | {Action.CREATE},
    "as_text": _CHANGES | {Action.CREATE},
    "changed": _CHANGES,
    "added": _CHANGES,
    "deleted": _CHANGES,
    "reason_system_name": frozenset({Action.STOP}),
    "reason_description": frozenset({Action.STOP}),
    "on_conflict": frozenset({Action.CREATE}),
    "on_missing": frozenset({Action.UPDATE}),
    "on_ended": _CHANGES,
    "because": frozenset({Action.IGNORE}),
    "reply": frozenset({Action.GREET}),
}


class Rule(Terms):
    """One rule. The first whose `when` finds something true is the one that applies."""

    #: Finds whether it applies; without it, it always does.
    when: ExpressionField | None = None
    do: Action
    #: Why an event is ignored, for our log.
    because: str = ""
    #: Finds what a sender wants back who asks whether somebody is there.
    reply: ExpressionField | None = None

    @model_validator(mode="after")
    def _says_what_it_does(self) -> Self:
        for name in self.model_fields_set & _SUITS.keys():
            if self.do not in _SUITS[name]:
                raise ValueError(f"`{name}` is of no use to a rule that does {self.do.value!r}")
        if self.do is Action.GREET and self.reply is None:
            raise ValueError("a rule that does 'greet' says with `reply` what the sender wants back")
        return self

    def completed(self, channel: Terms) -> Self:
        """Return the rule with what the channel says for all of them; of a property the rule's word wins."""
        taken = {}
        for name in Terms.model_fields:
            own, theirs = getattr(self, name), getattr(channel, name)
            if isinstance(theirs, Mapping):
                taken[name] = {**theirs, **own}
            elif name not in self.model_fields_set:
                taken[name] = theirs
        return self.model_copy(update=taken)
