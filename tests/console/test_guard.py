"""What stands before every page."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from console.people import Role
from console.tokens import csrf_of, new_token
from worker.errors import StoreUnavailable
from worker.store.visits import RedisVisits

if TYPE_CHECKING:
    from tests.console.conftest import Console, House

#: The pages of the tests' table with the least role of each.
PAGES = (
    ("/", "GET", Role.VIEWER),
    ("/letters", "GET", Role.VIEWER),
    ("/act", "POST", Role.OPERATOR),
    ("/audit", "GET", Role.ADMIN),
)


@pytest.mark.parametrize("role", Role, ids=lambda role: role.label)
def test_each_role_reaches_its_pages_and_no_others(
    house: "House", accounts: Mapping[str, Any], role: Role
) -> None:
    """Whatever the page, by whatever method."""

    async def body(console: "Console") -> None:
        browser = console.browser()
        await browser.enters(role.label)
        for path, method, least in PAGES:
            form = {"csrf": csrf_of(browser.token)} if method == "POST" else None
            answer = await browser.http.request(method, path, data=form)
            assert answer.status_code == (200 if role >= least else 403), (path, answer.text)

    house.hosts(body, accounts)


@pytest.mark.parametrize(
    "path", ["/", "/letters?cause=x", "/audit", "/nowhere", "/assetsx", "/loginx", "/logout"]
)
def test_a_stranger_is_led_to_the_door_from_every_page(
    house: "House", accounts: Mapping[str, Any], path: str
) -> None:
    """Also from those that do not exist: nobody learns which do. The door knows where they wanted to go."""

    async def body(console: "Console") -> None:
        answer = await console.browser().http.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")
        if path == "/letters?cause=x":
            assert answer.headers["location"] == "/login?next=%2Fletters%3Fcause%3Dx"
        posted = await console.browser().post(path)
        assert (posted.status_code, posted.headers["location"]) == (303, "/login")

    house.hosts(body, accounts)


def test_a_part_of_a_page_sends_the_whole_page_to_the_door(
    house: "House", accounts: Mapping[str, Any]
) -> None:
    """Htmx would otherwise put the log-in into a corner."""

    async def body(console: "Console") -> None:
        answer = await console.browser().http.get("/letters", headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")

    house.hosts(body, accounts)


@pytest.mark.parametrize("presented", ["", "0" * 64, "another browser's", "none"])
def test_a_form_without_its_browsers_token_does_nothing(
    house: "House", accounts: Mapping[str, Any], presented: str
) -> None:
    """Missing, wrong, or foreign; logged in or not."""

    async def body(console: "Console") -> None:
        browser = console.browser()
        await browser.enters("admin")
        csrf = csrf_of(new_token()) if presented == "another browser's" else presented
        form = {} if presented == "none" else {"csrf": csrf}
        assert (await browser.http.post("/act", data=form)).status_code == 403
        assert (await browser.http.post("/act", data=form, headers={"x-csrf-token": csrf})).status_code == 403
        assert (await browser.http.post("/act", json=form)).status_code == 403

    house.hosts(body, accounts)


def test_the_token_comes_in_a_form_or_in_a_header(house: "House", accounts: Mapping[str, Any]) -> None:
    """Forms carry it, also those with files; htmx sends a header. Pages are told it."""

    async def body(console: "Console") -> None:
        browser = console.browser()
        await browser.enters("operator")
        csrf = (await browser.http.get("/")).text.split()[-1]
        post = browser.http.post
        assert (await post("/act", data={"csrf": csrf})).status_code == 200
        assert (await post("/act", headers={"x-csrf-token": csrf})).status_code == 200
        assert (await post("/act", data={"csrf": csrf}, files={"f": b"x"})).status_code == 200
        assert (await post("/act", data={"x": "y"}, files={"csrf": csrf.encode()})).status_code == 403

    house.hosts(body, accounts)


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}, {"origin": "null"}]
)
def test_another_sites_page_can_do_nothing(house: "House", headers: dict[str, str]) -> None:
    """Even where everybody on this machine is let in, and even with the right token."""

    async def body(console: "Console") -> None:
        browser = console.browser()
        await browser.http.get("/")
        form = {"csrf": csrf_of(browser.token)}
        assert (await browser.http.post("/act", data=form, headers=headers)).status_code == 403
        assert (await browser.http.post("/act", data=form)).status_code == 200
        admin = "/admin/v1/services/support/resume"
        assert (await browser.http.post(admin, headers=headers)).status_code == 403
        assert await console.bridge.store.deeds(limit=9) == ()

    house.hosts(body)


def test_without_log_in_everybody_here_is_an_admin_called_local(house: "House") -> None:
    """And no other name than this machine's own leads in."""

    async def body(console: "Console") -> None:
        answer = await console.browser().http.get("/audit")
        assert answer.text.startswith("local admin ")
        assert (await console.browser(host="evil.example").http.get("/")).status_code == 421
        assert (await console.browser(host="evil.example").http.get("/readyz")).text == "ready"

    house.hosts(body)


def test_every_answer_has_the_same_headers(house: "House", accounts: Mapping[str, Any]) -> None:
    """Pages, refusals, assets and the API: nothing inline runs, nothing frames us, nothing is kept."""

    async def body(console: "Console") -> None:
        browser = console.browser()
        await browser.enters("viewer")
        for path in ("/", "/audit", "/nowhere", "/assets/door.css", "/admin/v1/services", "/login", "/livez"):
            headers = (await browser.http.get(path)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-frame-options"] == "DENY"
            assert headers["x-content-type-options"] == "nosniff"
            assert ("cache-control" not in headers) == path.startswith("/assets/"), path

    house.hosts(body, accounts)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    house: "House", accounts: Mapping[str, Any]
) -> None:
    """HttpOnly, SameSite, for every path; with TLS also Secure and of this host alone."""

    async def body(console: "Console") -> None:
        told = (await console.browser().http.get("/login")).headers["set-cookie"]
        assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(told.split("; "))
        assert "Secure" not in told
        asset = await console.browser().http.get("/assets/door.css")
        assert (asset.status_code, "set-cookie" in asset.headers) == (200, False)

    async def with_tls(console: "Console") -> None:
        browser = console.browser(host="bridge.example.com")
        told = (await browser.http.get("/login")).headers["set-cookie"]
        assert told.startswith("__Host-bridge-console=")
        assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(told.split("; "))

    house.hosts(body, accounts)
    house.hosts(with_tls, {**accounts, "public_url": "https://bridge.example.com"})


def test_too_much_is_refused(house: "House") -> None:
    """A form of over two megabytes."""

    async def body(console: "Console") -> None:
        browser = console.browser()
        await browser.http.get("/")
        assert (await browser.post("/act", x="x" * 2_100_000)).status_code == 413

    house.hosts(body)


def test_while_the_store_is_away_nobody_is_let_in(
    house: "House", accounts: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence says so."""

    async def gone(*_: object, **__: object) -> None:
        raise StoreUnavailable("gone")

    async def body(console: "Console") -> None:
        browser = console.browser()
        await browser.enters("viewer")
        monkeypatch.setattr(RedisVisits, "visit", gone)
        answer = await browser.http.get("/")
        assert (answer.status_code, "store does not answer" in answer.text) == (503, True)

    house.hosts(body, accounts)
