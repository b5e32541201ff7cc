"""The line keeps the loop free, and turns whatever a mail server does into one of three errors."""

import asyncio

import pytest
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from connectors.hosts.imap.errors import LoginRefused, MailboxAway, MailboxError, MailboxRefused
from connectors.hosts.imap.line import Line


def test_the_line_makes_one_call_at_a_time() -> None:
    """Calls that are made at once are made one after the other, in a thread that is not the loop's."""
    line, order = Line("mail"), []

    async def main() -> None:
        await asyncio.gather(*(line.ask(order.append, number) for number in range(5)))

    asyncio.run(main())
    line.close()
    assert order == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("raised", "expected", "said"),
    [
        (LoginError("bad password"), LoginRefused, "the server refuses the login: bad password"),
        (IMAPClientAbortError("EOF"), MailboxAway, "the server does not answer: EOF"),
        (ConnectionResetError(), MailboxAway, "the server does not answer: ConnectionResetError"),
        (TimeoutError("timed out"), MailboxAway, "the server does not answer: timed out"),
        (IMAPClientError("NO " + "x" * 500), MailboxRefused, "the server says: NO " + "x" * 197),
    ],
)
def test_foreign_errors_stop_here(raised: Exception, expected: type[MailboxError], said: str) -> None:
    """Each says what is wrong in a sentence of bounded length."""
    line = Line("mail")

    def fail() -> None:
        raise raised

    with pytest.raises(expected) as caught:
        asyncio.run(line.ask(fail))
    line.close()
    assert str(caught.value) == said
