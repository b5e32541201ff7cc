"""Properties: the names user data may not use, as the system's own stand in the same namespace."""

from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

#: Names that belong to Interaction Server; it compares them without regard to case.
RESERVED = frozenset(
    {
        "InteractionId",
        "ParentId",
        "ParentInteractionId",
        "ExternalId",
        "TenantId",
        "MediaType",
        "InteractionType",
        "InteractionSubtype",
        "Queue",
        "State",
        "IsOnline",
        "IsHeld",
        "IsLocked",
        "Workbin",
        "SubmittedBy",
        "ReceivedAt",
        "SubmittedAt",
        "PlacedInQueueAt",
        "MovedToQueueAt",
        "AbandonedAt",
        "DeliveredAt",
        "CompletedAt",
    }
)
#: What our own marks begin with.
OWN_PREFIX = "bridge_"

_FOLDED = frozenset(name.casefold() for name in RESERVED)


def is_system(name: str) -> bool:
    """Say whether a property is the system's."""
    return name.casefold() in _FOLDED


@lru_cache(maxsize=1024)
def is_reserved(name: str) -> bool:
    """Say whether a property is the system's or the bridge's own."""
    return is_system(name) or name.casefold().startswith(OWN_PREFIX)


def _unreserved(name: str) -> str:
    if is_reserved(name):
        raise ValueError(f"{name!r} is reserved for the system; choose another property name")
    return name


#: The name of a property that a channel may set.
PropertyName = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_unreserved)]
