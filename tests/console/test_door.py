"""Coming in and going out."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from console.tokens import csrf_of, new_token
from worker.wiring import utc_now

if TYPE_CHECKING:
    from tests.console.conftest import Browser, Console, House


async def is_in(browser: "Browser") -> bool:
    """Whether a browser may look."""
    return (await browser.http.get("/")).status_code == 200


def test_who_has_the_password_comes_in_and_goes_out(house: "House", accounts: Mapping[str, Any]) -> None:
    """Both are recorded; after going out, the old token opens nothing."""

    async def body(console: "Console") -> None:
        browser = console.browser()
        answer = await browser.enters("operator")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await browser.http.get("/")).text.startswith("operator operator ")
        assert (await browser.http.get("/login")).headers["location"] == "/"
        token = browser.token
        assert (await browser.post("/logout")).headers["location"] == "/login"
        assert not await is_in(browser)
        browser.http.cookies.set("bridge-console", token)
        assert not await is_in(browser)
        deeds = await console.bridge.store.deeds(limit=9)
        assert [(each.action, each.person, each.how) for each in deeds] == [
            ("log-out", "operator", "account"),
            ("log-in", "operator", "account"),
        ]

    house.hosts(body, accounts)


@pytest.mark.parametrize(("name", "password"), [("viewer", "wrong"), ("nobody", "wrong"), ("", "")])
def test_who_has_not_is_not_told_what_was_wrong(
    house: "House", accounts: Mapping[str, Any], name: str, password: str
) -> None:
    """An unknown name and a wrong password get the same answer."""

    async def body(console: "Console") -> None:
        browser = console.browser()
        answer = await browser.enters(name, password)
        assert answer.status_code == 403
        assert "Name and password do not fit." in answer.text
        assert not await is_in(browser)

    house.hosts(body, accounts)


def test_a_token_from_before_the_log_in_is_worth_nothing_after_it(
    house: "House", accounts: Mapping[str, Any]
) -> None:
    """Whoever planted a cookie in a browser is not logged in by its owner (session fixation)."""

    async def body(console: "Console") -> None:
        planted = new_token()
        victim, thief = console.browser(), console.browser()
        for each in (victim, thief):
            each.http.cookies.set("bridge-console", planted, domain="127.0.0.1", path="/")
        form = {"csrf": csrf_of(planted), "name": "admin", "password": "correct horse battery"}
        answer = await victim.http.post("/login", data=form)
        assert answer.status_code == 303
        assert planted not in answer.headers["set-cookie"]
        assert not await is_in(thief)

    house.hosts(body, accounts)


def test_passwords_cannot_be_tried_for_long(house: "House", accounts: Mapping[str, Any]) -> None:
    """For one account from everywhere, for all from one address; then not even the right one opens."""
    login = {"per_account": 3, "per_address": 5}

    async def by_account(console: "Console") -> None:
        for number in range(3):
            browser = console.browser(peer=f"192.0.2.{number}")
            assert (await browser.enters("viewer", "wrong")).status_code == 403
        answer = await console.browser(peer="198.51.100.1").enters("viewer")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")
        assert (await console.browser(peer="198.51.100.1").enters("operator")).status_code == 303

    async def by_address(console: "Console") -> None:
        told = [
            (await console.browser(peer="203.0.113.9").enters(f"n{number}", "wrong")).status_code
            for number in range(6)
        ]
        assert told == [403] * 5 + [429]
        assert (await console.browser(peer="203.0.113.9").enters("admin")).status_code == 429
        assert (await console.browser(peer="203.0.113.10").enters("admin")).status_code == 303

    house.hosts(by_account, {**accounts, "login": login})
    house.hosts(by_address, {**accounts, "login": login})


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_a_log_in_leads_to_no_other_site(house: "House", accounts: Mapping[str, Any], wanted: str) -> None:
    """Whether the link to the door says so or the form does."""

    async def body(console: "Console") -> None:
        browser = console.browser()
        page = await browser.http.get("/login", params={"next": wanted})
        assert "evil" not in page.text
        assert (await browser.enters("viewer", next=wanted)).headers["location"] == "/"
        again = await browser.http.get("/login", params={"next": wanted})
        assert again.headers["location"] == "/"

    house.hosts(body, accounts)


def test_a_log_in_leads_back_to_the_page_that_was_wanted(house: "House", accounts: Mapping[str, Any]) -> None:
    """With its query."""

    async def body(console: "Console") -> None:
        answer = await console.browser().enters("viewer", next="/letters?cause=x")
        assert answer.headers["location"] == "/letters?cause=x"

    house.hosts(body, accounts)


def test_what_was_typed_is_shown_harmlessly(house: "House", accounts: Mapping[str, Any]) -> None:
    """A name that is a script stays a name."""

    async def body(console: "Console") -> None:
        answer = await console.browser().enters("<script>alert(1)</script>", "wrong")
        assert "<script>" not in answer.text
        assert "&lt;script&gt;" in answer.text

    house.hosts(body, accounts)


def test_a_visit_ends_by_itself(house: "House", accounts: Mapping[str, Any]) -> None:
    """After its time, however busy it is; and by idleness in the store."""
    began, passed = utc_now(), [timedelta()]

    async def body(console: "Console") -> None:
        browser = console.browser()
        await browser.enters("viewer")
        passed[0] = timedelta(hours=11, minutes=59)
        assert await is_in(browser)
        passed[0] = timedelta(hours=12)
        assert not await is_in(browser)

    house.hosts(body, accounts, clock=lambda: began + passed[0])


def test_a_visit_ends_with_what_it_rests_on(
    house: "House", accounts: Mapping[str, Any], password_hash: str
) -> None:
    """Another password or no account any more; another role counts at once."""
    tokens: list[str] = []

    async def enter(console: "Console") -> None:
        browser = console.browser()
        await browser.enters("viewer")
        tokens.append(browser.token)

    async def look(console: "Console") -> str:
        browser = console.browser()
        browser.http.cookies.set("bridge-console", tokens[-1])
        answer = await browser.http.get("/")
        return answer.text.split()[1] if answer.status_code == 200 else "out"

    house.hosts(enter, accounts)
    promoted = {"accounts": {"viewer": {"role": "admin", "password": password_hash}}}
    assert house.hosts(look, promoted) == "admin"
    other = {"accounts": {"viewer": {"role": "viewer", "password": password_hash + "x"}}}
    assert house.hosts(look, other) == "out"
    house.hosts(enter, accounts)
    without = {"accounts": {"other": {"role": "viewer", "password": password_hash}}}
    assert house.hosts(look, without) == "out"


def test_where_nobody_logs_in_there_is_no_door(house: "House") -> None:
    """It leads on at once; going out changes nothing."""

    async def body(console: "Console") -> None:
        browser = console.browser()
        assert (await browser.http.get("/login")).headers["location"] == "/"
        assert (await browser.post("/logout")).status_code == 303
        assert await is_in(browser)

    house.hosts(body)
