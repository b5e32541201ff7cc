"""Message: the raw bytes of a mail as a value that nothing later can stumble over."""

import hashlib
from dataclasses import dataclass, field
from email.message import Message

from connectors.email import header, structure
from connectors.email.attachments import Attachment, attachments
from connectors.email.machines import Rule, Sort, told_by
from connectors.email.protection import protection
from connectors.email.report import Report, read_report
from connectors.email.text import Text, text_of
from connectors.email.threads import ids, index_root
from connectors.email.trust import Verdict, verdict

_NO_REPORT = Report((), harmless=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """What the bridge needs of a mail. Everything is decoded and free of control characters."""

    #: A hash of its bytes, in hex digits.
    digest: str
    #: Without brackets; empty where the mail has none.
    message_id: str
    #: The ids of what it answers.
    in_reply_to: tuple[str, ...]
    #: The ids of its thread, oldest first.
    references: tuple[str, ...]
    #: What all mails of an Outlook conversation have in common; empty where the mail says nothing.
    thread_index: str
    subject: str = field(repr=False)
    from_address: str = field(repr=False)
    from_name: str = field(repr=False)
    to_address: str = field(repr=False)
    #: The Date header in UTC, ISO 8601; empty where it makes no sense.
    sent_at: str
    #: The beginning of its text.
    text: Text = field(repr=False)
    #: The rule by which a program is told to have written it; None for a person.
    rule: Rule | None
    #: What it says of another mail, where it is a report.
    report: Report
    #: The addresses by which it was passed on, where somebody took note of them (X-Loop).
    loops: tuple[str, ...] = field(repr=False)
    #: Whether the sender is who it says.
    verdict: Verdict
    attachments: tuple[Attachment, ...]
    #: `encrypted`, `signed` or nothing.
    protection: str

    @property
    def id(self) -> str:
        """The id it is known by: its own, or one made of its bytes."""
        return self.message_id or f"sha256-{self.digest}"

    @property
    def root(self) -> str:
        """The id of the mail that began the thread, as far as this one knows."""
        return next(iter((*self.references, *self.in_reply_to, self.id)))

    @property
    def sort(self) -> Sort:
        """Who wrote it."""
        if self.rule is None:
            return Sort.PERSON
        if self.rule.sort is Sort.BOUNCE and self.report.harmless:
            return Sort.REPORT
        return self.rule.sort


def parse(raw: bytes, *, mail_from: str | None = None, servers: frozenset[str] = frozenset()) -> Mail:
    """Return the mail. Raises UnreadableDelivery.

    Args:
        raw: The mail as it arrived.
        mail_from: The sender in the envelope; None where nobody knows.
        servers: Whose Authentication-Results are believed, as in `options.TrustOptions.servers`.
    """
    mail = structure.read(raw)
    rule = told_by(mail, mail_from)
    text = text_of(mail)
    from_name, from_address = header.mailbox(mail, "from")
    return Mail(
        digest=hashlib.sha256(raw).hexdigest(),
        message_id=next(iter(_ids(mail, "message-id")), ""),
        in_reply_to=_ids(mail, "in-reply-to"),
        references=_ids(mail, "references"),
        thread_index=index_root(header.line(mail, "thread-index")),
        subject=header.text(mail, "subject"),
        from_address=from_address,
        from_name=from_name,
        to_address=header.mailbox(mail, "to")[1],
        sent_at=header.moment(mail, "date"),
        text=text,
        rule=rule,
        report=read_report(mail) if rule and rule.sort in _REPORTS else _NO_REPORT,
        loops=tuple(header.lines(mail, "x-loop")),
        verdict=verdict(mail, servers),
        attachments=attachments(mail),
        protection=protection(mail, text.whole),
    )


_REPORTS = frozenset({Sort.BOUNCE, Sort.RECEIPT, Sort.COMPLAINT})


def _ids(mail: Message, name: str) -> tuple[str, ...]:
    return ids(header.line(mail, name))
