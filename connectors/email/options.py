"""Options: what `[channels.NAME.options]` may say for a mail channel."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from connectors.email.machines import Sort
from worker.frozen import Frozen

_WILDCARD = "*@"


def _folded(address: str) -> str:
    return address.casefold()


def _pattern_of_a_token(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    if pattern and groups != 1:
        raise ValueError(f"{pattern!r} has {groups} groups; put the token, and nothing else, into one")
    return pattern


#: A mail address, or `*@domain` for every address there. Compared without regard to case.
Address = Annotated[
    str,
    StringConstraints(pattern=r"^([^\s@<>*]+|\*)@[^\s@<>*]+$", max_length=320),
    AfterValidator(_folded),
]
#: A domain. Compared without regard to case.
Domain = Annotated[str, StringConstraints(pattern=r"^[^\s@<>*]+$", max_length=255), AfterValidator(_folded)]
#: What becomes of a kind of mail: let in, let in with `MailClass` set, let go and listed, or set aside for a
#: person.
Policy = Literal["deliver", "tag", "ignore", "bury"]


class ThreadOptions(Frozen):
    """How mails find their conversation, beside the ids in their headers."""

    #: How many days after its last mail a thread is remembered.
    window_days: float = Field(default=30.0, gt=0, le=3650)
    #: Whether `support+TOKEN@…` leads to the conversation of that token.
    plus_token: bool = False
    #: What finds a token in the subject, such as `\\[#(\\w+)\\]`: a regular expression with one group.
    #: Empty for none.
    subject_token: Annotated[str, AfterValidator(_pattern_of_a_token)] = ""
    #: Whether Outlook's Thread-Index leads to a conversation: helps where a server strips References.
    thread_index: bool = False
    #: Whether the same sender and subject are the same conversation. Joins what does not belong together.
    subject: bool = False

    @property
    def window(self) -> timedelta:
        """How long a thread is remembered."""
        return timedelta(days=self.window_days)


class MachineOptions(Frozen):
    """What becomes of mail that programs write; `machines.RULES` tells them apart."""

    #: An agent has to know that an answer did not arrive.
    bounce: Policy = "tag"
    #: Says that all is well, or not yet.
    delivery_report: Policy = "ignore"
    #: Asks for nothing.
    receipt: Policy = "ignore"
    #: Somebody called our mail spam: worth knowing.
    complaint: Policy = "tag"
    #: An answer waits until a person does what it asks.
    challenge: Policy = "tag"
    #: Nobody wrote it, and answering it begins a war.
    auto_reply: Policy = "ignore"
    #: Our own mail: letting it in would answer ourselves.
    loop: Policy = "bury"
    #: People write through lists.
    list: Policy = "tag"
    #: Cannot be told for sure from mail that people wait for.
    bulk: Policy = "tag"
    #: Shops' forms and monitoring send by programs.
    notice: Policy = "tag"

    def of(self, sort: Sort) -> Policy:
        """Return what becomes of a kind of mail; a person's is let in."""
        policy: Policy = getattr(self, sort.replace("-", "_"), "deliver")
        return policy


class LoopOptions(Frozen):
    """When a sender's mails come too fast to be a person's."""

    #: So many mails of one sender are let in within `minutes`; 0 is without limit.
    mails: int = Field(default=30, ge=0, le=900)
    minutes: float = Field(default=10.0, gt=0, le=24 * 60)
    #: What becomes of those beyond: set aside, because a form or a busy person looks the same, or let go.
    then: Literal["bury", "ignore"] = "bury"
    #: Senders who may.
    exempt: frozenset[Address] = frozenset()
    #: Domains in the Message-IDs of the contact centre's own mail: what bears one and arrives has come back.
    own_domains: frozenset[Domain] = frozenset()


class TrustOptions(Frozen):
    """Whose word counts about whether a sender is who it says."""

    #: The servers in front of this channel whose Authentication-Results (RFC 8601) are believed, by their id.
    #: They must take away headers of others that bear it. Empty believes nobody.
    servers: frozenset[Domain] = frozenset()
    #: What becomes of mail that failed: let in with `AuthResult`, set aside, or refused at the door.
    failed: Literal["tag", "bury", "refuse"] = "tag"


class EmailOptions(Frozen):
    """One mail channel."""

    #: The recipients whose mail this channel takes.
    addresses: frozenset[Address] = Field(min_length=1)
    #: How many characters of the text go into the preview.
    preview_chars: int = Field(default=2000, ge=10, le=14_000)
    #: Whether a mail to several of the addresses counts once, or once for each of them.
    once_per: Literal["channel", "recipient"] = "channel"
    thread: ThreadOptions = ThreadOptions()
    machines: MachineOptions = MachineOptions()
    loops: LoopOptions = LoopOptions()
    trust: TrustOptions = TrustOptions()

    def names(self, address: str) -> bool:
        """Say whether a recipient is one of the channel's."""
        return is_among(address, self.addresses) or bool(self.split_plus(address)[1])

    def split_plus(self, address: str) -> tuple[str, str]:
        """Return a channel's address and the token behind its plus; any other address and no token."""
        local, at, domain = address.rpartition("@")
        before, _, token = local.partition("+")
        plain = f"{before}{at}{domain}"
        if self.thread.plus_token and token and is_among(plain, self.addresses):
            return plain, token
        return address, ""


def is_among(address: str, addresses: frozenset[str]) -> bool:
    """Say whether an address is named in a set, or its whole domain is."""
    folded = address.casefold()
    return folded in addresses or _WILDCARD + folded.rpartition("@")[2] in addresses
