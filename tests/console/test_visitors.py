"""Who is behind a token."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from console.people import Person, Role
from console.tokens import kept_as
from console.visitors import Visitors
from worker.console_settings import ConsoleSettings
from worker.secrets import Secrets
from worker.settings import Settings
from worker.store.memory import MemoryStore
from worker.wiring import utc_now

if TYPE_CHECKING:
    from tests.console.conftest import Console, House

OIDC = {"issuer": "https://login.example.com", "client_id": "bridge", "roles": {"ops": "operator"}}


def test_the_store_never_sees_a_token(house: "House", accounts: Mapping[str, Any]) -> None:
    """Whoever reads it cannot go on under anybody's name."""

    async def body(console: "Console") -> None:
        settings = console.bridge.settings.console
        visitors = Visitors(console.bridge.store, settings, console.bridge.secrets, utc_now)
        token = await visitors.admit(Person("viewer", Role.VIEWER, "account"))
        assert token != await visitors.admit(Person("viewer", Role.VIEWER, "account"))
        redis = console.bridge.store._link.redis
        keys = [key.decode() for key in await redis.keys("*")]
        assert f"bridge:{{visits}}:visit:{kept_as(token)}" in keys
        assert not [key for key in keys if token in key]
        assert 0 < await redis.pttl(f"bridge:{{visits}}:visit:{kept_as(token)}") <= 2 * 3600 * 1000

    house.hosts(body, accounts)


def test_an_open_page_keeps_nobody_logged_in(house: "House", accounts: Mapping[str, Any]) -> None:
    """What it asks for by itself leaves the idle time as it is; what a person does begins it anew."""

    async def body(console: "Console") -> None:
        settings = console.bridge.settings.console
        visitors = Visitors(console.bridge.store, settings, console.bridge.secrets, utc_now)
        token = await visitors.admit(Person("viewer", Role.VIEWER, "account"))
        redis, key = console.bridge.store._link.redis, f"bridge:{{visits}}:visit:{kept_as(token)}"
        await redis.pexpire(key, 60_000)
        assert await visitors.find(token, by_itself=True) is not None
        assert await redis.pttl(key) <= 60_000
        assert await visitors.find(token) is not None
        assert await redis.pttl(key) > 60_000

    house.hosts(body, accounts)


def test_a_person_can_be_logged_out_everywhere(house: "House", accounts: Mapping[str, Any]) -> None:
    """Of every visit that began before; the next log-in counts again, and nobody else notices."""

    async def body(console: "Console") -> None:
        bridge = console.bridge
        settings, viewer = bridge.settings.console, Person("viewer", Role.VIEWER, "account")
        visitors = Visitors(bridge.store, settings, bridge.secrets, utc_now)
        tokens = [await visitors.admit(viewer) for _ in range(2)]
        other = await visitors.admit(Person("operator", Role.OPERATOR, "account"))
        await bridge.store.end_visits("viewer", at=utc_now(), remember=timedelta(hours=1))
        assert [await visitors.find(token) for token in tokens] == [None, None]
        assert await visitors.find(other) is not None
        assert await visitors.find(await visitors.admit(viewer)) == viewer

    house.hosts(body, accounts)


def test_a_visit_by_the_provider_ends_when_its_settings_change(house: "House") -> None:
    """Its roles are those of the log-in, so another table of roles asks for another log-in."""
    token: list[str] = []

    def visitors(console: "Console") -> Visitors:
        bridge = console.bridge
        return Visitors(bridge.store, bridge.settings.console, bridge.secrets, utc_now)

    async def enter(console: "Console") -> None:
        token.append(await visitors(console).admit(Person("ann@example.com", Role.OPERATOR, "oidc")))
        assert await visitors(console).find(token[0]) == Person("ann@example.com", Role.OPERATOR, "oidc")

    async def look(console: "Console") -> Person | None:
        return await visitors(console).find(token[0])

    house.hosts(enter, {"oidc": OIDC})
    assert house.hosts(look, {"oidc": {**OIDC, "roles": {"ops": "viewer"}}}) is None


def test_a_password_may_stand_in_a_file(house: "House") -> None:
    """One that is missing lets nobody in, and keeps nobody else out."""
    (house.directory / "ann").write_text("$argon2id$hash\n")
    found = ConsoleSettings.model_validate(
        {
            "accounts": {
                "ann": {"role": "viewer", "password": "file:ann"},
                "bob": {"role": "viewer", "password": "file:bob"},
            }
        }
    )
    assert Settings().console.accounts == {}
    visitors = Visitors(MemoryStore(), found, Secrets(house.directory), utc_now)
    assert visitors.password_of("ann") == "$argon2id$hash"
    assert visitors.password_of("bob") is None
    assert visitors.password_of("eve") is None
