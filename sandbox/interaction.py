"""An interaction: one frozen value. Every change makes the next one, and the journal is a list of them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal, Self

EndedBy = Literal["stop", "agent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One interaction as the sandbox holds it."""

    id: str
    service: str
    external_id: str | None
    parent_id: str | None
    #: As shown to callers: UTC, whole seconds, `Z`.
    received_at: str
    user_data: Mapping[str, object]
    created_at: str
    #: None while it is live.
    ended_at: str | None = None
    ended_by: EndedBy | None = None
    #: What the stop gave as `reasonSystemName` and `reasonDescription`.
    reason: Mapping[str, str] | None = None

    @property
    def live(self) -> bool:
        """Whether it can still be read, updated and stopped."""
        return self.ended_at is None

    @property
    def state(self) -> str:
        """The state shown to callers."""
        return "active" if self.live else "stopped"

    def ended(self, at: str, by: EndedBy, reason: Mapping[str, str] | None = None) -> Self:
        """The same interaction, over."""
        return replace(self, ended_at=at, ended_by=by, reason=reason)

    def shown(self, id_field: str = "id") -> dict[str, object]:
        """What the API shows of it."""
        return {
            id_field: self.id,
            "externalId": self.external_id,
            "parentInteractionId": self.parent_id,
            "mediaType": "openmedia",
            "state": self.state,
            "receivedAt": self.received_at,
            "userData": self.user_data,
        }

    def described(self) -> dict[str, object]:
        """What `/sandbox/interactions` shows of it: more than the API does."""
        return self.shown() | {
            "service": self.service,
            "createdAt": self.created_at,
            "endedAt": self.ended_at,
            "endedBy": self.ended_by,
            "reason": self.reason,
        }

    def record(self) -> dict[str, object]:
        """The journal's form."""
        return {name: getattr(self, name) for name in FIELDS}


FIELDS = tuple(field.name for field in fields(Interaction))
