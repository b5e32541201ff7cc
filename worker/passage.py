"""The passage: which delivery or request the present task takes in, for whoever tells what belongs to it."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Passage:
    """One delivery, or one request of a client, on its way in."""

    #: 32 hex digits: the trace that the sender began, or that the door began for it.
    trace_id: str
    #: The sender's own span, as 16 hex digits; empty without one.
    parent_id: str


#: None where nothing is taken in: a command of a sweep, of a person, of a Celery producer.
PASSAGE: Final[ContextVar[Passage | None]] = ContextVar("passage", default=None)
