"""Options: what `[channels.NAME.options]` may say for a webhook.

A channel either says what every delivery does (`do`), or where the delivery's word for it stands (`action`)
and what each word means (`actions`; `"*"` stands for every other word).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from connectors.headers import HeaderName
from connectors.webhook.expression import ExpressionField
from worker.commands import OnConflict, OnEnded, OnMissing
from worker.frozen import Frozen
from worker.properties import PropertyName

#: Stands for every word that the table of actions does not name.
ANY_WORD = "*"


class Action(StrEnum):
    """What a delivery asks for."""

    CREATE = "create"  #: open the interaction
    UPDATE = "update"  #: change it
    UPSERT = "upsert"  #: change it, or open it if there is none
    STOP = "stop"  #: end it
    IGNORE = "ignore"  #: nothing


class WebhookOptions(Frozen):
    """The mapping of one webhook channel. Every expression is JMESPath over the delivery's JSON."""

    #: Finds the word that says what happened.
    action: ExpressionField | None = None
    #: What each word means.
    actions: Mapping[str, Action] = Field(default_factory=dict)
    #: What every delivery does, where there is no such word.
    do: Action | None = None
    #: Finds the sender's id of the conversation.
    external_id: ExpressionField
    #: Use that id as it is, instead of the channel's name and a hash. Ids end up in logs.
    plain_ids: bool = False
    #: Finds the sender's id of this delivery. Without one, a hash of the body tells deliveries apart.
    idempotency_key: ExpressionField | None = None
    #: The header that holds it instead.
    idempotency_header: HeaderName | None = None
    #: Finds when it happened: ISO 8601 (UTC without an offset) or seconds since 1970. Default: the arrival.
    received_at: ExpressionField | None = None
    #: Finds each property; what is not found is left out.
    user_data: Mapping[PropertyName, ExpressionField] = Field(default_factory=dict)
    #: Finds a list of properties to delete, for updates.
    deleted: ExpressionField | None = None
    #: Finds the reason's system name, for stops.
    reason_system_name: ExpressionField | None = None
    #: Finds the reason in words, for stops.
    reason_description: ExpressionField | None = None
    #: Whether every value of the user data is sent as text.
    as_text: bool = False
    on_conflict: OnConflict = OnConflict.UPDATE
    on_missing: OnMissing = OnMissing.CREATE
    on_ended: OnEnded = OnEnded.FOLLOW_UP

    @model_validator(mode="after")
    def _says_what_to_do(self) -> Self:
        if self.do is not None and (self.action is not None or self.actions):
            raise ValueError("`do` and `action` exclude each other")
        if self.do is None and (self.action is None or not self.actions):
            raise ValueError("give either `do`, or `action` together with `actions`")
        return self

    @model_validator(mode="after")
    def _finds_one_key(self) -> Self:
        if self.idempotency_key is not None and self.idempotency_header is not None:
            raise ValueError("`idempotency_key` and `idempotency_header` exclude each other")
        return self
