"""Evidence is fetched once, kept a while, and nobody can make us fetch for ever."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from connectors.hosts import evidence
from connectors.hosts.evidence import FetchedEvidence
from connectors.hosts.fetch import Unfetched

URL = "https://sns.example.com/a.pem"


class Library:
    """A fetch that answers at once, or fails, and notes what it was asked."""

    def __init__(self, failure: Unfetched | None = None) -> None:
        self.failure = failure
        self.asked: list[str] = []

    async def get(self, url: str) -> bytes:
        """Return the URL as its own document."""
        self.asked.append(url)
        await asyncio.sleep(0)
        if self.failure:
            raise self.failure
        return url.encode()


class Desk:
    """Evidence with a clock that is set by hand."""

    def __init__(self, failure: Unfetched | None = None) -> None:
        self.at = 0.0
        self.library = Library(failure)
        self.evidence = FetchedEvidence(self.library, now=lambda: self.at)

    async def fails(self, url: str = URL) -> Unfetched:
        """Return why a document is not to be had."""
        with pytest.raises(Unfetched) as failure:
            await self.evidence.obtain(url)
        return failure.value


def run(scene: Callable[[Desk], Awaitable[None]], failure: Unfetched | None = None) -> Desk:
    """Play a scene at a desk."""
    desk = Desk(failure)

    async def main() -> None:
        await scene(desk)

    asyncio.run(main())
    return desk


def test_a_document_is_fetched_once_and_kept_for_a_day() -> None:
    """Then once more."""

    async def scene(desk: Desk) -> None:
        assert desk.evidence.get(URL) is None
        await desk.evidence.obtain(URL)
        await desk.evidence.obtain(URL)
        assert desk.evidence.get(URL) == URL.encode()
        assert desk.library.asked == [URL]
        desk.at = 24 * 3600.0
        assert desk.evidence.get(URL) is None
        await desk.evidence.obtain(URL)
        assert desk.library.asked == [URL, URL]

    run(scene)


def test_many_wait_for_one_fetch() -> None:
    """And one of them that goes away takes nothing from the others."""

    async def scene(desk: Desk) -> None:
        waiting = [asyncio.create_task(desk.evidence.obtain(URL)) for _ in range(20)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert desk.evidence.get(URL) is not None
        assert desk.library.asked == [URL]

    run(scene)


@pytest.mark.parametrize(("final", "patience_s"), [(True, 300.0), (False, 10.0)])
def test_a_failure_is_remembered(final: bool, patience_s: float) -> None:  # noqa: FBT001 - pytest calls it so
    """What is not there for longer than what could not be asked."""

    async def scene(desk: Desk) -> None:
        for _ in range(3):
            failure = await desk.fails()
            assert (str(failure), failure.final) == ("no", final)
        assert desk.library.asked == [URL]
        desk.at = patience_s - 0.1
        await desk.fails()
        assert desk.library.asked == [URL]
        desk.at = patience_s
        await desk.fails()
        assert desk.library.asked == [URL, URL]

    run(scene, Unfetched("no", final=final))


def test_a_forger_soon_gets_nothing_fetched() -> None:
    """Ever new addresses are fetched ten at once, then one in five seconds; what is kept stays."""

    async def scene(desk: Desk) -> None:
        await desk.evidence.obtain(URL)
        desk.library.failure = Unfetched("no", final=True)
        for number in range(100):
            await desk.fails(f"{URL}?{number}")
        assert len(desk.library.asked) == 10
        assert (await desk.fails(f"{URL}?new")).final is False
        desk.at = 5.0
        await desk.fails(f"{URL}?later")
        assert desk.library.asked[10:] == [f"{URL}?later"]
        assert desk.evidence.get(URL) is not None

    run(scene)


def test_shelves_are_not_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """The document that was not used for longest makes room."""
    monkeypatch.setattr(evidence, "DOCUMENTS", 2)

    async def scene(desk: Desk) -> None:
        for name in ("a", "b"):
            await desk.evidence.obtain(name)
        desk.evidence.get("a")
        await desk.evidence.obtain("c")
        assert [desk.evidence.get(name) for name in ("a", "b", "c")] == [b"a", None, b"c"]

    run(scene)
