"""The mail connector: a mail to one of the channel's addresses, as the command it stands for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, partial
from typing import ClassVar

from pydantic import JsonValue

from connectors.answering import Sent, UnfitMessage
from connectors.base import (
    Delivery,
    Flood,
    Host,
    Ignored,
    Manners,
    Noted,
    Refused,
    SetAside,
    Strand,
    Threaded,
    UnreadableDelivery,
    Verified,
)
from connectors.email import identity
from connectors.email.machines import Sort
from connectors.email.message import Mail, parse
from connectors.email.options import EmailOptions, is_among
from connectors.email.properties import user_data
from connectors.email.structure import read_head
from connectors.email.threads import NAMES, ids, nearest, plain_subject, tokens
from connectors.email.trust import Verdict, verdict
from connectors.links import Links
from connectors.prover import Prover
from worker.commands import Command, Create, OnConflict, OnEnded, OnMissing, Update, conversation_id
from worker.settings import ChannelSettings

# A note's id is the Message-ID, unless somebody made that one absurdly long.
_NOTE_CHARACTERS = 150
_DOMAIN_CHARACTERS = 255


@dataclass(frozen=True, slots=True)
class EmailConnector:
    """Implements `connectors.base.Connector`."""

    name: ClassVar[str] = "email"
    hosts: ClassVar[frozenset[Host]] = frozenset({"smtp", "imap"})
    manners: ClassVar[Manners] = Manners()

    channel: str
    service: str
    options: EmailOptions
    links: Links | None = None

    def takes(self, address: str) -> bool:
        """Say whether mail to this recipient is the channel's."""
        return self.options.names(address)

    def verify(self, delivery: Delivery) -> Verified:
        """See `connectors.base.Connector.verify`: mail proves whom it is for, and what servers say of it."""
        envelope = delivery.envelope
        if envelope is None or not any(map(self.takes, envelope.rcpt_tos)):
            raise Refused("no recipient is one of the channel's addresses", told="No such mailbox here.")
        trust = self.options.trust
        if trust.failed == "refuse" and _said_of(delivery.body, trust.servers) is Verdict.FAIL:
            raise Refused("a believed server says that the sender is not who it says it is")
        return Verified(delivery, "recipient")

    def translate(self, verified: Verified) -> Threaded | Ignored:
        """See `connectors.base.Connector.translate`."""
        delivery, options = verified.delivery, self.options
        mail_from = delivery.envelope.mail_from if delivery.envelope else None
        mail = parse(delivery.body, mail_from=mail_from, servers=options.trust.servers)
        sort, why = self._told(mail)
        policy = options.machines.of(sort)
        if policy == "ignore" and not verified.again:
            return Ignored(f"{sort}: {why}", self._noted(mail, sort))
        if policy == "bury" and not verified.again:
            raise SetAside(f"{sort}: {why}; the channel sets such mail aside, and a replay lets it in")
        if mail.verdict is Verdict.FAIL and options.trust.failed != "tag" and not verified.again:
            raise SetAside("a believed server says that the sender is not who it says; a replay lets it in")
        shown = "" if policy == "deliver" else sort.shown
        link = self.links.to(self.channel, delivery.body) if self.links else ""
        properties = user_data(mail, options.preview_chars, sort=shown, link=link)
        # One of them is asked for twice, and each takes the whole text.
        key_of = cache(partial(identity.key, self.channel, mail, delivery.body))
        strands = tuple(
            self._strand(delivery, mail, properties, scope, key_of(scope)) for scope in self._scopes(delivery)
        )
        flood = None if verified.again else self._flood(mail, delivery, key_of)
        return Threaded(strands, options.thread.window, flood, originals=(delivery.body,))

    def linked(self, links: Links) -> "EmailConnector":
        """See `connectors.keeping.Linking.linked`."""
        return replace(self, links=links)

    def sent(self, message_id: str, *, sender: str = "") -> Sent:
        """See `connectors.answering.Answering.sent`."""
        found = ids(message_id)
        if len(found) != 1:
            raise UnfitMessage(f"{message_id[:_NOTE_CHARACTERS]!r} is no Message-ID")
        scope = "" if self.options.once_per == "channel" else self.options.split_plus(sender)[0].casefold()
        if (scope and not self.takes(sender)) or (not scope and self.options.once_per == "recipient"):
            raise UnfitMessage(
                f"channel {self.channel!r} counts each of its addresses by itself: say which of them the "
                f"mail was sent from; {sender!r} is none"
            )
        # The first name is nobody else's. So one that came back to us before it was said to be ours decides.
        return Sent((f"{scope} sent:{found[0]}", f"{scope} id:{found[0]}"), self.options.thread.window)

    def _told(self, mail: Mail) -> tuple[Sort, str]:
        """Return what wrote a mail, and how that is told."""
        domain = mail.message_id.rpartition("@")[2].casefold()
        if domain in self.options.loops.own_domains:
            return Sort.LOOP, f"its Message-ID is one of our own ({domain})"
        if any(is_among(word.strip("<>,;"), self.options.addresses) for word in " ".join(mail.loops).split()):
            return Sort.LOOP, "its X-Loop names an address of this channel"
        if mail.rule is None:
            return Sort.PERSON, "nothing says otherwise"
        return mail.sort, f"told by its {mail.rule.header} ({mail.rule.source})"

    def _noted(self, mail: Mail, sort: Sort) -> Noted:
        shown = mail.id if len(mail.id) <= _NOTE_CHARACTERS else f"sha256-{mail.digest}"
        return Noted(shown, sort, mail.from_address.rpartition("@")[2][:_DOMAIN_CHARACTERS])

    def _scopes(self, delivery: Delivery) -> tuple[str, ...]:
        """Return the recipients that count each by itself; an empty one where the channel counts once."""
        if self.options.once_per == "channel" or delivery.envelope is None:
            return ("",)
        ours = {
            self.options.split_plus(each)[0].casefold()
            for each in delivery.envelope.rcpt_tos
            if self.takes(each)
        }
        return tuple(sorted(ours)) or ("",)

    def _strand(
        self, delivery: Delivery, mail: Mail, properties: dict[str, JsonValue], scope: str, key: str
    ) -> Strand:
        mark = identity.mark(mail)
        default = conversation_id(self.channel, f"{scope} {mail.id} {mark}")
        commands = partial(self._commands, delivery, key, properties, default)
        names = tuple(f"{scope} {name}" for name in self._names(delivery, mail))
        return Strand(names, mark, default, commands)

    def _names(self, delivery: Delivery, mail: Mail) -> tuple[str, ...]:
        """Return the names that lead to a mail's conversation, the surest first."""
        options = self.options.thread
        recipients = delivery.envelope.rcpt_tos if delivery.envelope else ()
        found = [f"id:{mail.id}", *tokens(self.options, mail.subject, (*recipients, mail.to_address))]
        found += [f"id:{each}" for each in (*mail.report.about, *nearest(mail.in_reply_to, mail.references))]
        if options.thread_index and mail.thread_index:
            found.append(f"index:{mail.thread_index}")
        if options.subject and mail.from_address and plain_subject(mail.subject):
            found.append(f"subject:{mail.from_address.casefold()} {plain_subject(mail.subject)}")
        return tuple(dict.fromkeys(found))[:NAMES]

    def _flood(self, mail: Mail, delivery: Delivery, key_of: Callable[[str], str]) -> Flood | None:
        loops = self.options.loops
        sender = mail.from_address.casefold()
        if not loops.mails or not sender or is_among(sender, loops.exempt):
            return None
        reason = (
            f"{Sort.LOOP}: over {loops.mails} mails of one sender within {loops.minutes:g} minutes; "
            "loops.exempt names senders who may"
        )
        beyond = Ignored(reason, self._noted(mail, Sort.LOOP)) if loops.then == "ignore" else reason
        return Flood(
            sender,
            key_of(""),
            delivery.reached_at or delivery.arrived_at,
            loops.mails,
            timedelta(minutes=loops.minutes),
            beyond,
        )

    def _commands(
        self,
        delivery: Delivery,
        key: str,
        properties: dict[str, JsonValue],
        default: str,
        conversation: str,
    ) -> tuple[Command, ...]:
        """Return what a mail asks for in a conversation: it creates its own, and changes another's.

        Only the mail that a conversation is named after creates it; a change that comes first creates it too.
        """
        common = {
            "service": self.service,
            "external_id": conversation,
            "idempotency_key": key,
            "channel": self.channel,
            # The Date header may be forged or late, and must not make a message look older than a stop.
            "received_at": delivery.arrived_at,
            "trace_id": delivery.trace_id,
        }
        if conversation == default:
            return (
                Create.model_validate({**common, "user_data": properties, "on_conflict": OnConflict.UPDATE}),
            )
        return (
            Update.model_validate(
                {
                    **common,
                    "changed": properties,
                    "on_missing": OnMissing.CREATE,
                    "on_ended": OnEnded.FOLLOW_UP,
                }
            ),
        )


def _said_of(raw: bytes, servers: frozenset[str]) -> Verdict:
    try:
        return verdict(read_head(raw), servers)
    except UnreadableDelivery:
        # It is kept and looked at: nobody is turned away for what we cannot read.
        return Verdict.NONE


def build_email(channel: str, settings: ChannelSettings, prover: Prover) -> EmailConnector:  # noqa: ARG001 - mail is proved by whom it is for
    """Return a channel's connector. Raises pydantic's ValidationError for its options."""
    return EmailConnector(channel, settings.service, EmailOptions.model_validate(dict(settings.options)))
