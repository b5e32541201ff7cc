"""Deeds: what people did, kept so that others can read it."""

from pydantic import AwareDatetime, Field

from worker.frozen import Frozen

#: The outcome of what has begun and not ended.
UNDER_WAY = "under way"
DONE = "done"
#: The outcome of what somebody's role does not reach for.
REFUSED = "refused"


class Deed(Frozen):
    """One act, one look at personal data, one log-in. Carries nobody's words but the actor's own reason."""

    id: str = Field(min_length=1, max_length=64)
    at: AwareDatetime
    person: str = Field(max_length=200)
    #: The role they had.
    role: str
    #: How they were known: `loopback`, `account`, `oidc`, `token` or `terminal`.
    how: str
    #: As in `pause-service`; the table is `console.actions.ROLES`.
    action: str
    #: What it was done to: a service, a channel, a dead letter.
    target: str = Field(default="", max_length=600)
    #: The reason given, or what narrowed the choice down.
    detail: str = Field(default="", max_length=2000)
    outcome: str = Field(default=UNDER_WAY, max_length=2000)
