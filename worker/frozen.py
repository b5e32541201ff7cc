"""The base of every value that flows through the bridge and is read from outside."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A validated value that never changes; unknown fields are refused, so a typo is never silently lost."""

    model_config = ConfigDict(frozen=True, extra="forbid")
