"""What the console answers to."""

from typing import Any

import pytest

from console.site import Site
from worker.console_settings import ConsoleSettings
from worker.errors import SettingsError

ANYWHERE = "0.0.0.0"  # noqa: S104 - nothing is opened
PEOPLE = {"accounts": {"ann": {"role": "admin", "password": "$argon2id$v=19$x"}}}
OIDC = {"oidc": {"issuer": "https://login.example.com", "client_id": "bridge"}}


def site(**settings: Any) -> Site:  # noqa: ANN401 - settings
    """Return the site of a console."""
    return Site.of(ConsoleSettings.model_validate(settings))


def scope(host: str = "127.0.0.1:8090", **headers: str) -> dict[str, Any]:
    """Return a request's scope."""
    sent = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    pairs = [(name.encode(), value.encode()) for name, value in sent.items()]
    return {"type": "http", "path": "/", "headers": pairs, "client": ("127.0.0.1", 9)}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"host": ANYWHERE}, "console.host is 0.0.0.0, but nobody would have to log in"),
        ({"host": "10.0.0.5"}, "nobody would have to log in"),
        ({"public_url": "https://bridge.example.com"}, "console.public_url is set, but nobody"),
        ({"host": ANYWHERE, **OIDC}, "console.oidc needs console.public_url"),
    ],
)
def test_a_console_that_strangers_would_reach_does_not_start(settings: dict[str, Any], said: str) -> None:
    """One sentence says why, and what to do."""
    with pytest.raises(SettingsError, match=said):
        site(**settings)


@pytest.mark.parametrize(
    "settings", [{}, {"host": "::1"}, {"host": ANYWHERE, **PEOPLE}, OIDC, {"host": "localhost"}]
)
def test_what_is_safe_starts(settings: dict[str, Any]) -> None:
    """This machine only, or people who log in."""
    assert site(**settings)


@pytest.mark.parametrize("host", ["127.0.0.1:8090", "localhost", "localhost:1", "[::1]:8090"])
def test_without_log_in_it_answers_to_this_machines_own_names(host: str) -> None:
    """At any port: there may be a tunnel in between."""
    assert site().objection(scope(host)) == ""


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8090", "", "[", "10.0.0.5:8090"])
def test_without_log_in_it_answers_to_no_other_name(host: str) -> None:
    """A name that is made to lead here would let its owner's page read everything (DNS rebinding)."""
    assert "does not answer to the name" in site().objection(scope(host))


def test_without_log_in_nothing_may_come_through_a_proxy() -> None:
    """It would stand between the console and people that nobody knows."""
    assert "came through a proxy" in site().objection(scope(x_forwarded_for="192.0.2.1"))
    assert site(**PEOPLE).objection(scope(x_forwarded_for="192.0.2.1")) == ""


def test_a_public_name_is_the_only_one_beside_this_machines() -> None:
    """Without one, whoever logs in may come by any."""
    named = site(public_url="https://bridge.example.com", **PEOPLE)
    assert named.objection(scope("bridge.example.com")) == ""
    assert named.objection(scope("localhost:8090")) == ""
    assert named.objection(scope("other.example.com")) != ""
    assert site(**PEOPLE).objection(scope("other.example.com")) == ""


def test_with_tls_the_cookie_is_of_this_host_alone() -> None:
    """And goes over TLS only."""
    tls = site(public_url="https://bridge.example.com", **PEOPLE)
    assert (tls.secure, tls.cookie) == (True, "__Host-bridge-console")
    assert (site().secure, site().cookie) == (False, "bridge-console")
    assert tls.base(scope()) == "https://bridge.example.com"
    assert site().base(scope()) == "http://127.0.0.1:8090"


@pytest.mark.parametrize(
    ("headers", "crossed"),
    [
        ({}, False),
        ({"sec_fetch_site": "same-origin"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"sec_fetch_site": "same-site"}, True),
        ({"sec_fetch_site": "cross-site"}, True),
        ({"origin": "http://127.0.0.1:8090"}, False),
        ({"origin": "http://127.0.0.1:8080"}, True),
        ({"origin": "null"}, True),
        ({"origin": "http://evil.example"}, True),
    ],
)
def test_browsers_say_which_site_a_request_is_made_for(headers: dict[str, str], crossed: bool) -> None:  # noqa: FBT001 - a table
    """Programs that are no browsers say nothing."""
    assert site().is_cross_site(scope(**headers)) is crossed


def test_only_trusted_proxies_are_believed_about_the_peer() -> None:
    """Log-ins are counted by address, so nobody may choose theirs."""
    forwarded = scope(x_forwarded_for="192.0.2.1")
    assert site(**PEOPLE).peer(forwarded) == "127.0.0.1"
    assert site(trusted_proxies=["127.0.0.1/32"], **PEOPLE).peer(forwarded) == "192.0.2.1"
