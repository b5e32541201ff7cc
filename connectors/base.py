"""The words of a door: what arrives, what a connector makes of it, and what the sender is told.

Values and one interface only; the order in which they are used is `reception`'s business.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

from connectors.headers import Headers
from worker.blob import ObjectName
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


class SetAside(UnreadableDelivery):
    """We understand the letter, and the channel's rules want a person to decide; the text says which rule."""


class OriginalNeeded(UnreadableDelivery):
    """The delivery says where the mail lies: somebody has to fetch it first.

    A connector raises it from `translate`; whoever can fetches the mail, and `translate` is asked once more.
    Where nobody can, the delivery is one that cannot be read.
    """

    def __init__(self, name: ObjectName) -> None:
        #: Where the mail lies, by the delivery's word.
        self.name = name
        super().__init__(f"the mail itself lies in {name}, and was not fetched")


class EvidenceNeeded(BridgeError):
    """The proof rests on a document that is public and not here: somebody has to fetch it first.

    A scheme raises it after it has checked that the address is one it trusts; the host fetches the document
    into the scheme's `Evidence` and tries once more.
    """

    def __init__(self, url: str) -> None:
        #: Where it is.
        self.url = url
        super().__init__(f"the proof rests on {url}, which was not fetched yet")


class Evidence(Protocol):
    """The public documents that proofs rest on, fetched before."""

    def get(self, url: str) -> bytes | None:
        """Return a document; None when nobody fetched it yet."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who handed a mail over, and for whom."""

    #: Empty for a bounce, None where nobody knows: of mail from a mailbox that does not say it.
    mail_from: str | None = field(repr=False)
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
    #: The network address that connected to us, where that is another one: the nearest proxy's.
    via: str = ""
    #: For mail only.
    envelope: Envelope | None = None
    #: When it reached the mailbox we read it from, by that server's word; None where our door came first.
    reached_at: datetime | None = None
    #: 32 hex digits: the sender's trace, or a new one.
    trace_id: str = ""
    #: For HTTP only: the method, and the URL as the sender knows it, with its query.
    method: str = "POST"
    url: str = field(default="", repr=False)
    #: The mail that it points to, byte for byte; None where it points to none, or before it was fetched.
    original: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Verified:
    """A delivery that was proved genuine, with the evidence. Only `verify` makes one."""

    delivery: Delivery
    #: How it was proved.
    method: str
    #: Which of the channel's secrets fitted, counted from 0; None where there is none to fit.
    secret: int | None = None
    #: Whether a person brings it back from the dead letters, so that no rule lets it go or sets it aside.
    again: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """What is remembered of a delivery that is ignored, so that a person can ask for it."""

    #: The sender's identifier of it, or a hash of its bytes.
    id: str
    #: What it is, in one word, as the channel's rules call it.
    sort: str
    #: The domain it says it comes from.
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Understood, and of no concern to the bridge."""

    reason: str
    #: What is listed of it; None where a count is enough.
    noted: Noted | None = None


@dataclass(frozen=True, slots=True)
class Strand:
    """A message whose conversation only the store can tell, because it knows the message's names."""

    #: Its own name, then those of what it answers, nearest first; none stands twice.
    names: tuple[str, ...] = field(repr=False)
    #: What tells this message from another one that bears the same name, in hex digits.
    mark: str
    #: The conversation it begins where no name is known.
    default: str
    #: What it asks for in a conversation.
    commands: Callable[[str], tuple[Command, ...]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Flood:
    """How many messages of one sender are too many: beyond that a machine talks to a machine."""

    #: Whose messages are counted.
    sender: str = field(repr=False)
    #: This one among them.
    member: str
    #: When it came. Of mail that waited for us, the mailbox's time: reading it late makes nobody fast.
    at: datetime
    #: So many are let in within the window.
    limit: int
    window: timedelta
    #: What becomes of those beyond: let go, or set aside with this reason.
    beyond: Ignored | str


@dataclass(frozen=True, slots=True)
class Threaded:
    """A delivery whose commands depend on what the store knows; `placing.place` settles it.

    Its idempotency keys hold all of the content that counts, so that a key which was used before with other
    commands means the same message in another wrapping: a duplicate, and no conflict.
    """

    strands: tuple[Strand, ...]
    #: How long names are remembered after they were used last.
    window: timedelta
    flood: Flood | None = None
    #: The whole messages, byte for byte, that are kept before the commands that refer to them are submitted.
    originals: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def foreseen(self) -> tuple[Command, ...]:
        """What it would ask for if nothing were known of it: for trials."""
        return tuple(command for each in self.strands for command in each.commands(each.default))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer's body, in the words that a kind of sender expects."""

    content_type: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Handshake:
    """Not a message: the sender asks whether somebody is there, and wants this back."""

    reply: Reply
    #: For our log.
    reason: str
    #: An address that the sender wants to see visited, proved genuine and trusted; empty for none.
    visit: str = ""


#: What a connector makes of a delivery.
Understood = tuple[Command, ...] | Threaded | Ignored | Handshake

Host = Literal["http", "smtp", "imap"]


@dataclass(frozen=True, slots=True)
class Manners:
    """How a kind of sender wants to be spoken to, where that is not how everybody is."""

    #: The HTTP methods its deliveries and handshakes come by.
    methods: frozenset[str] = frozenset({"POST"})
    #: The HTTP statuses that differ from the host's table.
    statuses: Mapping["Answered", int] = field(default_factory=dict)
    #: What stands in the body of every answer that is not an error; None for our own words.
    reply: Reply | None = None
    #: Whether a conflict is kept and acknowledged, because this sender would come again for ever.
    keeps_conflicts: bool = False
    #: The largest body its senders send by HTTP, in bytes; None where the door's own limit suits.
    max_body_bytes: int | None = None


class Connector(Protocol):
    """Understands one channel. Does no I/O and never asks the time."""

    @property
    def name(self) -> str:
        """What kind of connector it is, as in the registry."""

    @property
    def hosts(self) -> frozenset[Host]:
        """The hosts its deliveries come in by."""

    @property
    def manners(self) -> Manners:
        """How its senders want to be spoken to."""

    @property
    def channel(self) -> str:
        """The channel it was built for, and the namespace of its idempotency keys."""

    @property
    def service(self) -> str:
        """The open media service its commands are for."""

    def verify(self, delivery: Delivery) -> Verified:
        """Prove the exact bytes genuine, or raise Refused or EvidenceNeeded."""

    def translate(self, verified: Verified) -> Understood:
        """Say what the delivery asks for, or raise UnreadableDelivery, or OriginalNeeded once.

        The same bytes give equal commands.

        Several commands are one batch: the door takes all of them, or the sender comes again with all.
        """


class Answered(StrEnum):
    """What became of a delivery, in one word."""

    ACCEPTED = "accepted"  #: the store holds its commands
    DUPLICATE = "duplicate"  #: the store has held them since an earlier time
    IGNORED = "ignored"  #: understood, nothing to do
    GREETED = "greeted"  #: not a message: the sender asked whether we are there
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
    #: Why, fit for our own people only; empty where `reason` says it.
    because: str = ""
    #: The id of the letter that was kept.
    letter: str = ""
    #: What the sender wants back instead of our own words.
    reply: Reply | None = None
    #: The fingerprints of what was accepted under the key, and of what came now.
    fingerprints: tuple[str, str] | None = None
