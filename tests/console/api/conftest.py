"""The admin API for clients of each role."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import pytest

from console.people import Role
from worker.letters import Unreadable
from worker.wiring import utc_now

if TYPE_CHECKING:
    from tests.console.conftest import Console, House

T = TypeVar("T")


def token(role: str) -> str:
    """Return the token of the client of a role."""
    return f"{role}-token-0123456789"


class Office:
    """The admin API of one console."""

    def __init__(self, console: "Console") -> None:
        self.console = console

    async def ask(
        self,
        method: str,
        path: str,
        *,
        role: str | None = "admin",
        **sent: Any,  # noqa: ANN401 - httpx's
    ) -> httpx.Response:
        """Ask as the client of a role, or as nobody."""
        headers = {} if role is None else {"Authorization": f"Bearer {token(role)}"}
        return await self.console.browser().http.request(method, f"/admin{path}", headers=headers, **sent)


@pytest.fixture
def clients(tmp_path: Path) -> Mapping[str, Any]:
    """Settings with a client for each role, named like the role."""
    for role in Role:
        (tmp_path / f"{role.label}.token").write_text(token(role.label))
    return {
        "clients": {role.label: {"role": role.label, "tokens": [f"file:{role.label}.token"]} for role in Role}
    }


@pytest.fixture
def serve(house: "House", clients: Mapping[str, Any]) -> Callable[[Callable[[Office], Awaitable[T]]], T]:
    """Runs a body with the admin API."""

    def run(body: Callable[[Office], Awaitable[T]]) -> T:
        async def main(console: "Console") -> T:
            return await body(Office(console))

        return house.hosts(main, clients)

    return run


@pytest.fixture(scope="session")
def letter() -> Callable[..., Unreadable]:
    """Makes unreadable deliveries."""

    def make(number: int = 1, body: bytes = b"{}") -> Unreadable:
        return Unreadable(
            id=f"{number:032}",
            service="support",
            channel="tickets",
            reason="?",
            arrived_at=utc_now(),
            body=body,
        )

    return make
