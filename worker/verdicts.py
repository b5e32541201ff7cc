"""Verdicts: what an outcome means for the command and its lane."""

from dataclasses import dataclass

from worker.interactions import Interaction
from worker.operations import Step


@dataclass(frozen=True, slots=True)
class Proceed:
    """The command needs one more call."""

    step: Step


@dataclass(frozen=True, slots=True)
class Applied:
    """The command is done: write this ledger row, and this word into the history."""

    interaction: Interaction
    note: str


@dataclass(frozen=True, slots=True)
class Again:
    """Look at the command again later; the lane waits behind it."""

    delay_s: float
    reason: str
    #: Whether the call may have taken effect, so that the next try must not create before a look.
    suspect: bool = False
    #: Whether this try counts against the attempts.
    counted: bool = True
    #: Whether the service failed, rather than gave an answer that asks for patience.
    failed: bool = True


@dataclass(frozen=True, slots=True)
class Hold:
    """The whole service waits: no command of it is tried before."""

    delay_s: float
    reason: str
    #: Whether an earlier try of this command may have taken effect.
    suspect: bool = False
    #: How long this command waits at least, however soon the service is tried again.
    own_delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Bury:
    """A person must look: the command goes to the dead letters with its evidence."""

    cause: str
    reason: str
    #: Whether the service failed, rather than answered.
    failed: bool = False
    #: Whether a try of this command may have taken effect all the same.
    doubt: bool = False
    #: How long nothing else is done in its lane, in seconds: its last call may still take effect.
    settles_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Pause:
    """Whoever is called wants no more calls: no command is tried before a person resumes the service."""

    reason: str


#: What ends the present look at a command.
Ending = Applied | Again | Hold | Pause | Bury
Verdict = Proceed | Ending
