"""Arrivals: what came by a channel lately and what its sender was told, without anybody's words."""

from typing import Final

from pydantic import AwareDatetime, Field

from worker.commands import Name
from worker.frozen import Frozen

#: Arrivals remembered of each channel, the last ones.
ARRIVALS_CAP: Final = 50


class Arrival(Frozen):
    """One delivery and its answer."""

    channel: Name
    at: AwareDatetime
    #: What the sender was told, in one word: accepted, duplicate, ignored, refused…
    answer: str
    #: Why, empty where there is nothing to say.
    reason: str = ""
    #: Of its body.
    size_bytes: int = 0
    #: The conversations that its commands belong to.
    external_ids: tuple[str, ...] = ()
    trace_id: str = ""
    #: The dead letter that was kept of it, empty where none was.
    letter: str = Field(default="", max_length=200)
