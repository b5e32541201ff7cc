"""Notes: what is remembered of deliveries that were let go, so that nothing is dropped in silence."""

from pydantic import AwareDatetime, Field

from worker.commands import Name
from worker.frozen import Frozen


class Note(Frozen):
    """One delivery that was let go. Neither its words nor anybody's address are kept."""

    #: The sender's identifier of it, or a hash of its bytes.
    id: str = Field(min_length=1, max_length=200)
    service: Name
    channel: Name
    #: What it is, in one word, as the channel's rules call it.
    sort: str
    #: Why it was let go, in one sentence.
    reason: str
    arrived_at: AwareDatetime
    #: The domain it says it comes from; empty where it says nothing.
    domain: str = Field(default="", max_length=255)
