"""A console over a real Redis, asked without a socket; and people who log in to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from argon2 import PasswordHasher
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from console.actions import Actions
from console.app import create_app
from console.guard import Page
from console.people import Role
from console.tokens import csrf_of
from worker.app import app as celery
from worker.doorbell import CeleryDoorbell
from worker.lanes import Partition
from worker.secrets import Secrets
from worker.settings import Settings
from worker.wiring import Bridge, utc_now

T = TypeVar("T")

HOST = "127.0.0.1:8090"
PASSWORD = "correct horse battery"
#: As weak as Argon2 goes: many log-ins take no time.
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
ACCOUNTS = {"accounts": {role.label: {"role": role.label, "password": HASH} for role in Role}}


async def _who(request: Request) -> Response:
    person = request.state.person
    return PlainTextResponse(f"{person.name} {person.role.label} {request.state.csrf}")


#: Pages as the console has them, one for each role and way.
PAGES: tuple[Page, ...] = (
    ("/", "GET", _who, Role.VIEWER),
    ("/letters", "GET", _who, Role.VIEWER),
    ("/act", "POST", _who, Role.OPERATOR),
    ("/audit", "GET", _who, Role.ADMIN),
)


class Browser:
    """One browser at one address."""

    def __init__(self, app: Any, *, peer: str = "192.0.2.7", host: str = HOST) -> None:  # noqa: ANN401 - ASGI
        transport = httpx.ASGITransport(app=app, client=(peer, 40_000))
        self.http = httpx.AsyncClient(transport=transport, base_url=f"http://{host}")

    @property
    def token(self) -> str:
        """What its cookie holds."""
        return self.http.cookies.get("bridge-console", "")

    async def post(self, path: str, /, **form: str) -> httpx.Response:
        """Send a form of ours."""
        return await self.http.post(path, data={"csrf": csrf_of(self.token), **form})

    async def enters(self, name: str, password: str = PASSWORD, **form: str) -> httpx.Response:
        """Open the door's page and fill it in."""
        await self.http.get("/login")
        return await self.post("/login", name=name, password=password, **form)


class Console:
    """One console within a running event loop."""

    def __init__(self, bridge: Bridge, app: Any, actions: Actions) -> None:  # noqa: ANN401 - ASGI
        self.bridge = bridge
        self.actions = actions
        self.app = app

    def browser(self, *, peer: str = "192.0.2.7", host: str = HOST) -> Browser:
        """Return another browser."""
        return Browser(self.app, peer=peer, host=host)


class House:
    """Where consoles are set up: each body runs in a loop of its own, on what the last one left."""

    def __init__(self, redis_url: str, directory: Path) -> None:
        self._redis_url = redis_url
        self.directory = directory
        self.rung: list[Partition] = []
        self.pages: Sequence[Page] = PAGES
        (directory / "key").write_text("k" * 32)

    def settings(self, console: Mapping[str, Any], **more: Any) -> Settings:  # noqa: ANN401 - settings
        """Return settings with two services and a channel."""
        service = {"base_url": "http://127.0.0.1:9/nexus/v3", "api_key": "file:key"}
        channel = {
            "connector": "webhook",
            "service": "support",
            "verify": "hmac",
            "secrets": ["file:key"],
            "options": {
                "rules": [{"do": "create"}],
                "external_id": "body.id",
                "idempotency_key": "body.delivery",
            },
        }
        return Settings.model_validate(
            {
                "store": {"url": self._redis_url},
                "services": {"support": {**service, "sweep": {"idle_s": 3600}}, "sales": service},
                "channels": {"tickets": channel},
                "console": console,
                **more,
            }
        )

    def hosts(
        self,
        body: Callable[[Console], Awaitable[T]],
        console: Mapping[str, Any] | None = None,
        *,
        clock: Callable[[], Any] = utc_now,
    ) -> T:
        """Run a body with a console of these settings."""

        async def main() -> T:
            async with self.open(console or {}, clock=clock) as found:
                return await body(found)

        return asyncio.run(main())

    @contextlib.asynccontextmanager
    async def bridge(
        self, console: Mapping[str, Any], *, clock: Callable[[], Any] = utc_now
    ) -> AsyncIterator[Bridge]:
        """Give a bridge in the running loop."""
        settings = self.settings(console)
        bridge = Bridge(settings, Secrets(self.directory), celery, lambda _: None, clock=clock)
        async with contextlib.aclosing(bridge):
            yield bridge

    @contextlib.asynccontextmanager
    async def open(
        self, console: Mapping[str, Any], *, clock: Callable[[], Any] = utc_now
    ) -> AsyncIterator[Console]:
        """Give a console in the running loop."""
        async with self.bridge(console, clock=clock) as bridge:
            actions = Actions(bridge)
            yield Console(bridge, create_app(actions, self.pages), actions)
            await actions.aclose()


@pytest.fixture
def house(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A bridge of which only the store is there, and its console."""
    found = House(redis_url, tmp_path)

    def hear(_: CeleryDoorbell, partition: Partition, hops: int) -> None:
        del hops
        found.rung.append(partition)

    monkeypatch.setattr(CeleryDoorbell, "_send", hear)
    return found


@pytest.fixture(scope="session")
def accounts() -> Mapping[str, Any]:
    """Settings with an account for each role, named like the role."""
    return ACCOUNTS


@pytest.fixture(scope="session")
def password() -> str:
    """The password of all of them."""
    return PASSWORD


@pytest.fixture(scope="session")
def password_hash() -> str:
    """Its hash."""
    return HASH
