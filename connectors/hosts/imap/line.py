"""The line: blocking calls to a mail server, one after the other, in a thread of their own.

Each mailbox has its own, so that one which waits for new mail keeps no other work from the process's threads.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from connectors.hosts.imap.errors import LoginRefused, MailboxAway, MailboxRefused

P = ParamSpec("P")
T = TypeVar("T")

#: Of a server's words, what goes into our log.
_SAID = 200


class Line:
    """One thread for one mailbox."""

    def __init__(self, channel: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"imap-{channel}")

    async def ask(self, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Make a call. Raises MailboxAway, MailboxRefused or LoginRefused for whatever the server does."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, lambda: call(*arguments, **named))
        except LoginError as error:
            raise LoginRefused(f"the server refuses the login: {_said(error)}") from error
        except (IMAPClientAbortError, OSError, EOFError) as error:
            raise MailboxAway(f"the server does not answer: {_said(error)}") from error
        except IMAPClientError as error:
            raise MailboxRefused(f"the server says: {_said(error)}") from error

    def close(self) -> None:
        """Begin no further call."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _said(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:_SAID]
