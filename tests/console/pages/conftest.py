"""The console's own pages over a real Redis, asked without a socket."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from console.pages.table import PAGES
from tests.console.conftest import Browser, Console, House
from worker.commands import Create
from worker.interactions import Interaction
from worker.lanes import Burial, Claim, Entry, Partition, Settlement
from worker.letters import DeadCommand, Unreadable

SERVICE = "support"
HOME = Partition(SERVICE, 0)
LEASE = timedelta(seconds=45)
#: What runs wherever a page forgets to escape.
SCRIPT = "\"'><script>hacked()</script>"


def now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


class Visit:
    """A console, and a browser that looks at it."""

    def __init__(self, console: Console, browser: Browser) -> None:
        self.console = console
        self.store = console.bridge.store
        self.browser = browser

    async def get(self, path: str, **query: str) -> httpx.Response:
        """Ask for a page."""
        return await self.browser.http.get(path, params=query)

    async def look(self, path: str, **query: str) -> str:
        """Return a page that has to be there."""
        answer = await self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def act(self, path: str, /, **form: str) -> str:
        """Send a form as htmx does, and return what is put into the page."""
        self.browser.http.headers["HX-Request"] = "true"
        answer = await self.browser.post(path, **form)
        del self.browser.http.headers["HX-Request"]
        assert answer.status_code == 200, answer.text
        return answer.text

    async def create(self, external_id: str, **user_data: Any) -> None:  # noqa: ANN401 - JSON
        """Accept a create for a conversation."""
        command = Create(
            service=SERVICE,
            external_id=external_id,
            idempotency_key=f"tickets:{external_id}",
            channel="tickets",
            received_at=now(),
            user_data=user_data,
        )
        await self.store.append(command, receipt_id=f"r-{external_id}", now=now())

    async def claim(self) -> Claim:
        """Take the one lane that is due."""
        (claim,) = await self.store.claim(HOME, limit=1, lease=LEASE, token=f"t-{now()}", now=now())
        return claim

    async def open(self, external_id: str, **user_data: Any) -> None:  # noqa: ANN401 - JSON
        """Open a conversation at the API, which calls it `I-` and its external id."""
        await self.create(external_id, **user_data)
        claim = await self.claim()
        row = Interaction(service=SERVICE, external_id=external_id).opened(
            interaction_id=f"I-{external_id}", channel="tickets", at=now()
        )
        entry = Entry(at=now(), event="applied", sequence=1, detail={"note": "created"})
        settlement = Settlement(sequence=1, interaction=row, entries=(entry,), calls=1, keep=False)
        await self.store.settle(claim, settlement, lease=LEASE, now=now())

    async def bury(self, external_id: str, **user_data: Any) -> None:  # noqa: ANN401 - JSON
        """Let a create die, its letter named `letter-` and its external id."""
        await self.create(external_id, **user_data)
        claim = await self.claim()
        command = claim.commands[0].command
        assert command is not None
        letter = DeadCommand(
            id=f"letter-{external_id}",
            cause="rejected",
            reason="400 no such property",
            buried_at=now(),
            attempts=2,
            sequence=1,
            command=command,
        )
        detail = {"calls": [{"call": "CreateInteraction", "outcome": "Rejected", "status": 400}]}
        entry = Entry(at=now(), event="buried", sequence=1, detail=detail)
        burial = Burial(letter=letter, entry=entry, park=True, failed=False, calls=1)
        await self.store.bury(claim, burial, now=now())

    async def keep(self, body: bytes) -> None:
        """Keep a delivery that nobody could read, its letter named `unread`."""
        letter = Unreadable(
            id="unread",
            service=SERVICE,
            channel="tickets",
            reason="the body is not JSON",
            arrived_at=now(),
            headers=(("X-From", "jo@example.org"),),
            body=body,
        )
        await self.store.keep(letter)


Visiting = Callable[[Callable[[Visit], Awaitable[None]]], None]


@pytest.fixture
def visiting(house: House) -> Visiting:
    """Run a body with a console that has its pages."""
    house.pages = PAGES

    def run(body: Callable[[Visit], Awaitable[None]]) -> None:
        async def main(console: Console) -> None:
            browser = console.browser(peer="127.0.0.1")
            await browser.http.get("/")
            await body(Visit(console, browser))

        house.hosts(main)

    return run
