"""Errands: evidence is obtained, addresses are visited, and nothing is waited for that need not be."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest
import structlog

from connectors.hosts import errands as module
from connectors.hosts.errands import Errands
from connectors.hosts.evidence import FetchedEvidence
from connectors.hosts.fetch import Unfetched
from connectors.hosts.room import Room
from connectors.reception import Obtained
from worker.blob import ObjectName
from worker.errors import BlobsUnavailable
from worker.mail_ports import Take

MAIL = b"Subject: Hello\r\n\r\n"
URL = "https://sns.example.com/confirm?Token=secret"
LATER, NEVER = Unfetched("busy", final=False), Unfetched("gone", final=True)


class Web:
    """A fetch that answers as it is told, one answer after the other."""

    def __init__(self, *answers: Unfetched | bytes) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def get(self, url: str) -> bytes:
        """Return or raise the next answer."""
        self.asked.append(url)
        answer = self.answers.pop(0)
        if isinstance(answer, Unfetched):
            raise answer
        return answer


class Shelf:
    """Originals: one mail, wherever it is asked for."""

    async def fetch(self, _channel: str, _name: ObjectName, *, take: Take) -> bytes:
        """Return it, with room made for it."""
        take(len(MAIL))
        return MAIL


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_AFTER_S", (0.0, 0.0))


def run(web: Web, scene: Callable[[Errands], Coroutine[None, None, None]]) -> list[str]:
    """Play a scene; return the log's events."""

    async def main() -> None:
        errands = Errands(web, FetchedEvidence(web), Shelf())
        await scene(errands)
        for _ in range(20):
            await asyncio.sleep(0)
        await errands.aclose()

    with structlog.testing.capture_logs() as logs:
        asyncio.run(main())
    assert "secret" not in str(logs)
    return [line["event"] for line in logs]


@pytest.mark.parametrize(
    ("answer", "obtained"), [(b"x", Obtained.HERE), (NEVER, Obtained.NOWHERE), (LATER, Obtained.LATER)]
)
def test_what_came_of_fetching_is_one_word(answer: Unfetched | bytes, obtained: Obtained) -> None:
    """Here, nowhere, or later."""

    async def scene(errands: Errands) -> None:
        assert await errands.obtain(URL) is obtained

    run(Web(answer), scene)


@pytest.mark.parametrize(
    ("answers", "tries", "events"),
    [
        ([b""], 1, ["visit_made"]),
        ([LATER, b""], 2, ["visit_failed", "visit_made"]),
        ([LATER] * 3, 3, ["visit_failed"] * 3),
        ([NEVER], 1, ["visit_failed"]),
    ],
)
def test_a_visit_is_tried_a_few_times(
    answers: list[Unfetched | bytes], tries: int, events: list[str]
) -> None:
    """As long as that may help; each try is one line."""

    async def scene(errands: Errands) -> None:
        errands.visit(URL, "alerts")

    web = Web(*answers)
    assert run(web, scene) == events
    assert web.asked == [URL] * tries


def test_visits_are_not_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is given up, and those under way end with the process."""
    monkeypatch.setattr(module, "VISITS", 2)

    class Silent(Web):
        async def get(self, url: str) -> bytes:
            self.asked.append(url)
            await asyncio.get_running_loop().create_future()
            raise AssertionError

    async def scene(errands: Errands) -> None:
        for _ in range(3):
            errands.visit(URL, "alerts")

    web = Silent()
    assert run(web, scene) == ["visit_failed"]
    assert len(web.asked) == 2


@pytest.mark.parametrize("size", [len(MAIL), len(MAIL) - 1])
def test_a_mail_is_brought_where_there_is_room_for_it(size: int) -> None:
    """It counts as what its delivery brought along; without room it is another time's."""

    async def scene(errands: Errands) -> None:
        with Room(deliveries=1, body_bytes=size).enter() as place:
            bringing = errands.bring("mail", ObjectName("mails", "in/1"), place.take)
            if size == len(MAIL):
                assert await bringing == MAIL
            else:
                with pytest.raises(BlobsUnavailable, match="s3://mails/in/1 finds no room"):
                    await bringing

    run(Web(), scene)
