"""What can be wrong with a mailbox, and who must act on it."""

from worker.errors import BridgeError


class MailboxError(BridgeError):
    """A mailbox cannot be read now; it is tried again."""


class MailboxAway(MailboxError):
    """The server does not answer, or the connection broke. Nobody need act: it is tried again."""


class MailboxRefused(MailboxError):
    """The server answered, and said no: a folder is missing, or full. The operator, if it stays so."""


class LoginRefused(MailboxError):
    """The server or the provider does not let us in. The operator: a password or a consent is wrong."""


class HoldLost(MailboxError):
    """Another poller reads the mailbox now. Nobody need act."""


class ComeAgain(MailboxError):
    """The store did not accept a mail; it stays where it is and is read again."""
