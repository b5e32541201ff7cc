"""Evidence: the public documents (certificates) that proofs rest on, fetched once and kept a while.

Whoever forges deliveries must not make us fetch for ever: what could not be had is remembered as well,
several deliveries wait for one fetch, and all fetches together are limited.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from connectors.hosts.bucket import Bucket
from connectors.hosts.fetch import Unfetched

#: Documents kept, those used last; and addresses remembered as leading nowhere.
DOCUMENTS: Final = 64
FAILURES: Final = 1024
#: How long a document is kept, in seconds.
KEPT_S: Final = 24 * 3600.0
#: How long nobody asks again for what is not there, and for what could not be asked for.
MISSING_S: Final = 300.0
FAILED_S: Final = 10.0
#: Fetches of one process: on average, and at once.
FETCHES_PER_S: Final = 0.2
FETCHES_AT_ONCE: Final = 10.0

Value = TypeVar("Value")


class Fetch(Protocol):
    """Gets a document."""

    async def get(self, url: str) -> bytes:
        """Return what is found at an https URL. Raises Unfetched."""


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Value]):
    value: Value
    until: float


class _Shelf(Generic[Value]):
    """A few values by URL, each until its time; the one that was not used for longest makes room."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[str, _Kept[Value]] = OrderedDict()

    def find(self, url: str, now: float) -> Value | None:
        kept = self._kept.get(url)
        if kept is None:
            return None
        if kept.until <= now:
            del self._kept[url]
            return None
        self._kept.move_to_end(url)
        return kept.value

    def put(self, url: str, value: Value, until: float) -> None:
        self._kept[url] = _Kept(value, until)
        self._kept.move_to_end(url)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)


class FetchedEvidence:
    """Implements `connectors.base.Evidence`, and fetches what is missing in it."""

    def __init__(self, fetch: Fetch, *, now: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._now = now
        self._documents: _Shelf[bytes] = _Shelf(DOCUMENTS)
        self._failures: _Shelf[Unfetched] = _Shelf(FAILURES)
        self._under_way: dict[str, asyncio.Task[Unfetched | None]] = {}
        self._budget = Bucket(FETCHES_PER_S, FETCHES_AT_ONCE, now)

    def get(self, url: str) -> bytes | None:
        """Return a document; None when nobody fetched it yet."""
        return self._documents.find(url, self._now())

    async def obtain(self, url: str) -> None:
        """Fetch a document, so that `get` has it. Raises Unfetched."""
        if self.get(url) is not None:
            return
        failure = self._failures.find(url, self._now()) or await self._fetched(url)
        if failure is not None:
            raise Unfetched(str(failure), final=failure.final)

    async def _fetched(self, url: str) -> Unfetched | None:
        if url not in self._under_way:
            if self._budget.take():
                return Unfetched("too many documents were asked for lately", final=False)
            self._under_way[url] = asyncio.create_task(self._fetch_once(url))
        # One sender that hangs up must not take the document from the others that wait for it.
        return await asyncio.shield(self._under_way[url])

    async def _fetch_once(self, url: str) -> Unfetched | None:
        try:
            document = await self._fetch.get(url)
        except Unfetched as failure:
            patience_s = MISSING_S if failure.final else FAILED_S
            self._failures.put(url, failure, self._now() + patience_s)
            return failure
        else:
            self._documents.put(url, document, self._now() + KEPT_S)
            return None
        finally:
            del self._under_way[url]
