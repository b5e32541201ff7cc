"""Log-ins by OpenID Connect, against a provider with real keys and real tokens."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from console.people import Person, Role
from console.provider import NotLetIn, Ticket, person_of
from tests.console.openid import CLIENT, SECRET, Claims, OpenId
from worker.console_settings import OidcSettings

if TYPE_CHECKING:
    from tests.console.conftest import Browser, Console, House


@pytest.fixture(scope="module")
def running() -> Iterator[OpenId]:
    """A provider for all tests of this file."""
    with OpenId() as found:
        yield found


@pytest.fixture
def openid(running: OpenId, house: "House") -> OpenId:
    """The same, honest again."""
    (house.directory / "oidc").write_text(SECRET)
    running.claims = {"email": "ann@example.com", "groups": ["staff", "ops"]}
    running.spoil_token = running.signed
    running.spoil_metadata = lambda found: found
    running.refused.clear()
    return running


def oidc(openid: OpenId, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - settings
    """Return the settings of a console that has this provider."""
    settings = {
        "issuer": openid.issuer,
        "client_id": CLIENT,
        "client_secret": "file:oidc",
        "roles": {"ops": "operator", "staff": "viewer", "chiefs": "admin"},
        **more,
    }
    return {"oidc": settings}


async def goes(browser: "Browser", *, wanted: str = "/") -> str:
    """Go to the provider and return the way back that it names."""
    away = await browser.http.get("/oidc/start", params={"next": wanted})
    assert away.status_code == 303, away.text
    async with httpx.AsyncClient() as http:
        back = await http.get(away.headers["location"])
    assert back.status_code == 303, back.text
    return back.headers["location"].removeprefix("http://127.0.0.1:8090")


def test_who_has_a_role_at_the_provider_comes_in(house: "House", openid: OpenId) -> None:
    """With the highest one, by the name that the claim gives, and to the page that was wanted."""

    async def body(console: "Console") -> None:
        browser = console.browser()
        assert "/oidc/start" in (await browser.http.get("/login")).text
        before = browser.token
        answer = await browser.http.get(await goes(browser, wanted="/letters?cause=x"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/letters?cause=x")
        assert browser.token != before
        assert (await browser.http.get("/")).text.startswith("ann@example.com operator ")
        (deed,) = await console.bridge.store.deeds(limit=9)
        assert (deed.action, deed.person, deed.how) == ("log-in", "ann@example.com", "oidc")

    house.hosts(body, oidc(openid))
    assert openid.refused == []


def test_who_has_none_does_not(house: "House", openid: OpenId) -> None:
    """Being known elsewhere is no reason to be let in."""
    openid.claims = {"email": "eve@example.com", "groups": ["others"]}

    async def body(console: "Console") -> None:
        browser = console.browser()
        answer = await browser.http.get(await goes(browser))
        assert answer.status_code == 403
        assert "eve@example.com is known to the provider but has no role here" in answer.text
        assert (await browser.http.get("/")).status_code == 303

    house.hosts(body, oidc(openid))


def other_key(openid: OpenId) -> None:
    """Sign with a key that is not the provider's."""
    forged = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    openid.spoil_token = lambda claims: openid.signed({**claims, "groups": ["chiefs"]}, key=forged)


def no_signature(openid: OpenId) -> None:
    """Leave the signature out and say so."""
    openid.spoil_token = lambda claims: openid.signed(claims, alg="none")


def claiming(**false: Any) -> Any:  # noqa: ANN401 - claims
    """Return what makes a provider claim something."""

    def spoil(openid: OpenId) -> None:
        openid.spoil_token = lambda claims: openid.signed({**claims, **false})

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        other_key,
        no_signature,
        claiming(nonce="another"),
        claiming(aud="another client"),
        claiming(aud=[CLIENT, "another"], azp="another"),
        claiming(iss="https://evil.example"),
        claiming(exp=1),
        claiming(iat=int(time.time()) + 3600),
        claiming(exp="soon"),
        claiming(sub=None),
    ],
)
def test_a_token_that_is_not_for_this_log_in_is_not_believed(
    house: "House",
    openid: OpenId,
    spoil: Any,  # noqa: ANN401 - a function
) -> None:
    """Forged, unsigned, for another client, another log-in, another time."""
    spoil(openid)

    async def body(console: "Console") -> None:
        browser = console.browser()
        answer = await browser.http.get(await goes(browser))
        assert answer.status_code == 502, answer.text
        assert "is not believed" in answer.text
        assert (await browser.http.get("/")).status_code == 303

    house.hosts(body, oidc(openid))


def test_a_way_back_is_for_one_browser_and_once(house: "House", openid: OpenId) -> None:
    """Nobody can be logged in as somebody else by a link, and no way is gone twice."""

    async def body(console: "Console") -> None:
        thief, victim = console.browser(), console.browser()
        way = await goes(thief)
        await victim.http.get("/login")
        answer = await victim.http.get(way)
        assert (answer.status_code, "not begun in this browser" in answer.text) == (403, True)
        assert (await thief.http.get(way.replace("state=", "state=x"))).status_code == 403
        assert (await thief.http.get(way)).status_code == 303
        assert (await thief.http.get(way)).status_code == 403
        assert (await thief.http.get("/oidc/callback")).status_code == 403

    house.hosts(body, oidc(openid))


def test_the_provider_refuses_who_has_not_the_verifier(
    house: "House", openid: OpenId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code that was read on its way is worth nothing (PKCE); our half is really sent and really checked."""
    genuine = Ticket.load

    def other(text: str) -> Ticket:
        ticket = genuine(text)
        return Ticket(ticket.state, ticket.nonce, "x" * 64, ticket.redirect_uri, ticket.wanted)

    monkeypatch.setattr(Ticket, "load", other)

    async def body(console: "Console") -> None:
        browser = console.browser()
        assert (await browser.http.get(await goes(browser))).status_code == 502

    house.hosts(body, oidc(openid))
    assert openid.refused == ["the code_verifier"]


@pytest.mark.parametrize(
    ("false", "said"),
    [
        ({"issuer": "https://evil.example"}, "calls itself"),
        ({"authorization_endpoint": "http://evil.example/a"}, "is not https"),
        ({"authorization_endpoint": "http://127.0.0.1.evil.example/a"}, "is not https"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "is not https"),
        ({"authorization_endpoint": "https://[evil/a"}, "is no address"),
    ],
)
def test_nobody_is_sent_to_a_place_that_is_not_the_providers(
    house: "House", openid: OpenId, false: Claims, said: str
) -> None:
    """Or to one without TLS, unless it stands on this machine."""
    openid.spoil_metadata = lambda found: {**found, **false}

    async def body(console: "Console") -> None:
        answer = await console.browser().http.get("/oidc/start")
        assert (answer.status_code, said in answer.text) == (502, True)

    house.hosts(body, oidc(openid))


def test_a_provider_that_does_not_answer_is_named(house: "House", openid: OpenId) -> None:
    """In a sentence; nobody is let in meanwhile."""

    async def body(console: "Console") -> None:
        answer = await console.browser().http.get("/oidc/start")
        assert (answer.status_code, "does not answer" in answer.text) == (502, True)

    house.hosts(body, oidc(openid, issuer="http://127.0.0.1:9"))


def test_an_error_that_the_provider_sends_back_is_told(house: "House", openid: OpenId) -> None:
    """Its code only: it may hold anything."""

    async def body(console: "Console") -> None:
        browser = console.browser()
        way = await goes(browser)
        state = httpx.URL(way).params["state"]
        answer = await browser.http.get("/oidc/callback", params={"error": "access_denied", "state": state})
        assert (answer.status_code, "access_denied" in answer.text) == (502, True)

    house.hosts(body, oidc(openid))


def test_roles_come_from_a_text_or_a_list() -> None:
    """Anything else in the claim is nobody's role; without the name's claim, the subject names somebody."""
    settings = OidcSettings.model_validate(
        {
            "issuer": "https://x",
            "client_id": "x",
            "role_claim": "role",
            "roles": {"a": "admin", "v": "viewer"},
        }
    )
    assert person_of({"sub": "u-1", "role": "v"}, settings) == Person("u-1", Role.VIEWER, "oidc")
    assert person_of({"sub": "u-1", "role": ["v", 7, "a"]}, settings).role is Role.ADMIN
    for said in (None, 7, {"a": 1}, [["a"]], "A"):
        with pytest.raises(NotLetIn):
            person_of({"sub": "u-1", "role": said}, settings)
