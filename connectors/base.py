"""The words of a door: what arrives, what a connector makes of it, and what the sender is told.

Values and one interface only; the order in which they are used is `reception`'s business.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from connectors.headers import Headers
from worker.commands import Command
from worker.errors import BridgeError
from worker.lanes import Receipt


class Refused(BridgeError):
    """The delivery could not be proved genuine.

    The text is for our log; `told` is all the sender hears, because whoever guesses must not be helped.
    """

    def __init__(self, reason: str, *, told: str = "The delivery could not be verified.") -> None:
        self.told = told
        super().__init__(reason)


class UnreadableDelivery(BridgeError):
    """We believe the sender but do not understand the letter; the text says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who handed a mail over, and for whom."""

    mail_from: str = field(repr=False)
    rcpt_tos: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What arrived, untouched."""

    #: The channel it came by.
    channel: str
    headers: Headers
    #: The exact bytes.
    body: bytes = field(repr=False)
    #: When it reached our door, aware.
    arrived_at: datetime
    #: The network address it came from.
    peer: str = ""
    #: For mail only.
    envelope: Envelope | None = None
    #: 32 hex digits: the sender's trace, or a new one.
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """A delivery that was proved genuine, with the evidence. Only `verify` makes one."""

    delivery: Delivery
    #: How it was proved.
    method: str
    #: Which of the channel's secrets fitted, counted from 0; None where there is none to fit.
    secret: int | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """Understood, and of no concern to the bridge."""

    reason: str


class Connector(Protocol):
    """Understands one channel. Does no I/O and never asks the time."""

    @property
    def name(self) -> str:
        """What kind of connector it is, as in the registry."""

    @property
    def host(self) -> Literal["http", "smtp"]:
        """The host its deliveries come in by."""

    @property
    def channel(self) -> str:
        """The channel it was built for, and the namespace of its idempotency keys."""

    @property
    def service(self) -> str:
        """The open media service its commands are for."""

    def verify(self, delivery: Delivery) -> Verified:
        """Prove the exact bytes genuine, or raise Refused."""

    def translate(self, verified: Verified) -> tuple[Command, ...] | Ignored:
        """Say what the delivery asks for, or raise UnreadableDelivery. The same bytes give equal commands."""


class Answered(StrEnum):
    """What became of a delivery, in one word."""

    ACCEPTED = "accepted"  #: the store holds its commands
    DUPLICATE = "duplicate"  #: the store has held them since an earlier time
    IGNORED = "ignored"  #: understood, nothing to do
    REFUSED = "refused"  #: not proved genuine; nothing was kept
    UNREADABLE = "unreadable"  #: not understood; kept for a person
    CONFLICT = "conflict"  #: its key was used before, with another content
    UNAVAILABLE = "unavailable"  #: nothing was accepted; come again


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told; a host puts it into its protocol's words."""

    answered: Answered
    #: One for each command, in order.
    receipts: tuple[Receipt, ...] = ()
    #: Fit for the sender.
    reason: str = ""
    #: The id of the letter that was kept.
    letter: str = ""
    #: The fingerprints of what was accepted under the key, and of what came now.
    fingerprints: tuple[str, str] | None = None
