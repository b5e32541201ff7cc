"""Model: what senders were told, and what must have come of it. Pure values; `checker` compares.

Each command of a conversation names itself in its words: `Subject` is `NAME #N`, and a webhook's or client's
update also sets a property of its own, `S<N>`. So every call the API saw, and the user data in the end, tell
which commands they contain, merged or not, whoever sent them and however often.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from tests.faults.plan import Conversation, Door, Kind, Step
from worker.letters import IN_DOUBT

#: Stands in whatever must be refused: nothing with it may ever reach the API.
FORBIDDEN: Final = "forbidden"


class Told(StrEnum):
    """What a sender understood of an answer."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  #: not proved genuine
    CONFLICT = "conflict"  #: the key was used for another content
    COME_AGAIN = "come again"  #: an answer that is neither, or none at all


class Intent(StrEnum):
    """Why something was sent."""

    GENUINE = "genuine"
    TWISTED = "twisted"  #: an accepted key with another content
    FORGED = "forged"  #: without the secret


@dataclass(frozen=True, slots=True)
class Answer:
    """What one sending of one command was told."""

    conversation: str
    number: int
    intent: Intent
    told: Told
    #: The receipt, where the door gives one.
    receipt: str = ""
    sequence: int = 0
    #: What was said, for a person.
    said: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to the API, as the sandbox wrote it down."""

    place: int
    service: str
    operation: str
    #: As the API knows it: the second generation of `x` is `x~2`.
    external_id: str
    effect: bool
    fault: str | None
    #: What was sent.
    sent: Mapping[str, Any]
    #: What was answered, if anything was.
    status: int | None = None
    at: str = ""

    @property
    def refused_batch(self) -> bool:
        """Whether it holds several commands and was refused: each of them is then sent alone."""
        return not self.effect and self.status == HTTPStatus.BAD_REQUEST and len(self.numbers) > 1

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of the commands that it contains."""
        return numbers(self.properties)

    @property
    def conversation(self) -> str:
        """The conversation that it names; empty for a look."""
        return str(self.properties.get("Subject", "")).partition(" #")[0]

    @property
    def properties(self) -> Mapping[str, Any]:
        """The user data that it sets; of a stop, its reason in the same words."""
        if self.operation == "stop":
            return {"Subject": self.sent.get("reasonDescription") or ""}
        return {
            **(self.sent.get("userData") or {}),
            **(self.sent.get("changedProperties") or {}),
            **(self.sent.get("addedProperties") or {}),
        }


@dataclass(frozen=True, slots=True)
class Row:
    """What the ledger says of a conversation."""

    service: str
    external_id: str
    state: str
    generation: int
    interaction_id: str | None

    @property
    def remote_id(self) -> str:
        """What the API knows it by."""
        return self.external_id if self.generation == 1 else f"{self.external_id}~{self.generation}"


@dataclass(frozen=True, slots=True)
class Live:
    """An interaction at the API, in the end."""

    service: str
    external_id: str
    interaction_id: str
    active: bool
    user_data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter."""

    cause: str
    reason: str
    #: The commands in it; none for a delivery nobody could read.
    conversation: str = ""
    number: int = -1

    @property
    def doubts(self) -> bool:
        """Whether it says that its command may have taken effect."""
        return IN_DOUBT in self.reason


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is compared."""

    conversations: Sequence[Conversation]
    answers: Sequence[Answer]
    #: In the order in which the API saw them.
    calls: Sequence[Call]
    interactions: Sequence[Live]
    ledger: Sequence[Row]
    letters: Sequence[Letter]
    #: Keys and members that must not be there once nothing is to be done, in words.
    leftovers: Sequence[str]
    #: What the store counted: accepted, delivered, dead.
    counted: Mapping[str, int]


def subject(conversation: Conversation, step: Step, intent: Intent = Intent.GENUINE) -> str:
    """Return the words by which a command names itself."""
    words = f"{conversation.name} #{step.number}"
    return words if intent is Intent.GENUINE else f"{words} {FORBIDDEN} {intent}"


def properties(conversation: Conversation, step: Step, intent: Intent = Intent.GENUINE) -> dict[str, str]:
    """Return the user data that a command of a webhook or client sets."""
    return {
        "Subject": subject(conversation, step, intent),
        f"S{step.number}": "set",
        f"K{step.number % 3}": str(step.number),
    }


def numbers(user_data: Mapping[str, Any]) -> frozenset[int]:
    """Return the numbers of the commands that user data names."""
    own = {int(name[1:]) for name in user_data if name[:1] == "S" and name[1:].isdigit()}
    _, _, number = str(user_data.get("Subject", "")).partition(" #")
    return frozenset(own | ({int(number)} if number.isdigit() else set()))


def fold(conversation: Conversation, done: Iterable[int]) -> dict[str, str]:
    """Return the user data of an interaction after these commands, in this order; stops leave it as it is.

    A mail has many properties; of those only the subject is compared.
    """
    found: dict[str, str] = {}
    for step in (conversation.steps[number] for number in done):
        if step.kind is Kind.STOP:
            continue
        if conversation.door is Door.MAIL:
            found["Subject"] = subject(conversation, step)
        else:
            found |= properties(conversation, step)
    return found
