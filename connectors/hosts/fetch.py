"""Fetch: gets what a delivery points to, and is not led astray by where it points (SSRF).

Only https, no redirects, no proxy of the environment, no credentials. The very address that is connected to
is checked, see `worker.sockets`.

aiohttp is imported for the first document: it would be a seventh of what a starting door loads, and most
doors never fetch.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from yarl import URL

from worker.addresses import is_public
from worker.errors import BridgeError
from worker.sockets import sockets_to

if TYPE_CHECKING:
    import aiohttp

#: How long it may take from the name to the last byte.
DEADLINE_S: Final = 5.0
#: The most that is read.
MAX_BYTES: Final = 64 * 1024

_CONNECTIONS: Final = 8


class Unfetched(BridgeError):
    """The document could not be had; the text says why."""

    def __init__(self, reason: str, *, final: bool) -> None:
        #: Whether asking again would be of no use.
        self.final = final
        super().__init__(reason)


class Fetcher:
    """Fetches small public documents. Belongs to the event loop of its first use; close it there."""

    def __init__(
        self,
        *,
        allowed: Callable[[str], bool] = is_public,
        context: ssl.SSLContext | None = None,
        deadline_s: float = DEADLINE_S,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Prepare; nothing is opened before the first `get`.

        Args:
            allowed: Says of an IP address whether it may be connected to.
            context: The authorities that vouch for a host; the usual ones if nothing is said.
            deadline_s: The seconds that one document may take.
            max_bytes: The size that is still read.
        """
        self._allowed = allowed
        self._context = context
        self._deadline_s = deadline_s
        self._max_bytes = max_bytes
        self._opened: aiohttp.ClientSession | None = None

    async def get(self, url: str) -> bytes:
        """Return what is found at an https URL. Raises Unfetched."""
        import aiohttp  # noqa: PLC0415 - see the module's docstring

        found = _https(url)
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._get(found)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise Unfetched(f"{found.host} cannot be asked: {reason}", final=False) from error

    async def aclose(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    async def _get(self, url: URL) -> bytes:
        async with self._session().get(url, allow_redirects=False) as answer:
            if not answer.ok or answer.status >= 300:  # noqa: PLR2004 - HTTP's border between success and redirects
                final = answer.status < 500  # noqa: PLR2004 - HTTP's border between the asker's faults and its own
                raise Unfetched(f"{url.host} answered {answer.status}", final=final)
            content = bytearray()
            async for chunk in answer.content.iter_any():
                content += chunk
                if len(content) > self._max_bytes:
                    raise Unfetched(f"{url.host} sent more than {self._max_bytes} bytes", final=True)
            return bytes(content)

    def _session(self) -> "aiohttp.ClientSession":
        import aiohttp  # noqa: PLC0415 - see the module's docstring

        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=_CONNECTIONS,
                    ssl=self._context or True,
                    socket_factory=sockets_to(self._allowed),
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"Accept-Encoding": "identity", "User-Agent": "openmedia-bridge"},
                trust_env=False,
            )
        return self._opened


def _https(url: str) -> URL:
    try:
        found = URL(url, encoded=True)
        plain = found.scheme == "https" and found.host and found.user is None and found.password is None
    except ValueError as error:
        raise Unfetched("this is not a URL", final=True) from error
    if not plain:
        raise Unfetched("only https URLs without credentials are fetched", final=True)
    return found
