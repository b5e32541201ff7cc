"""What a request says about its way to us is believed only of our own proxies."""

from typing import Any

import pytest

from connectors.hosts.origin import Believer, Origin
from worker.settings import HttpSettings


def origin(
    *headers: tuple[str, str],
    peer: str = "10.0.0.9",
    path: bytes = b"/channels/a",
    query: bytes = b"",
    **settings: Any,  # noqa: ANN401 - any of the settings
) -> Origin:
    """Return what is believed of a request."""
    scope = {
        "headers": [
            (b"host", b"bridge.example"),
            *((name.encode(), value.encode()) for name, value in headers),
        ],
        "client": (peer, 5) if peer else None,
        "scheme": "http",
        "raw_path": path,
        "query_string": query,
    }
    return Believer(HttpSettings(**settings)).origin(scope)


OURS = {"trusted_proxies": ("10.0.0.0/8", "fd00::/8")}


@pytest.mark.parametrize(
    "name",
    [
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "X-Real-IP",
        "x-forwarded-port",
    ],
)
def test_a_strangers_word_is_taken_away(name: str) -> None:
    """Nobody can claim an address; a proxy's word stays, and so does who connected to us."""
    assert name not in origin((name, "198.51.100.7")).headers
    assert origin((name, "198.51.100.7")).peer == "10.0.0.9"
    assert origin((name, "198.51.100.7"), peer="", **OURS).peer == ""
    assert name not in origin((name, "198.51.100.7"), peer="8.8.8.8", **OURS).headers
    assert name not in origin((name, "198.51.100.7"), peer="no address", **OURS).headers
    assert origin((name, "198.51.100.7"), **OURS).headers[name] == "198.51.100.7"
    assert origin((name, "198.51.100.7"), **OURS).via == "10.0.0.9"


def test_other_headers_stay_in_their_order() -> None:
    """Whoever sent them."""
    assert [name for name, _ in origin(("x-a", "1"), ("x-signature", "2"), ("x-a", "3")).headers.pairs] == [
        "host",
        "x-a",
        "x-signature",
        "x-a",
    ]


@pytest.mark.parametrize(
    ("hops", "peer"),
    [
        (["198.51.100.7"], "198.51.100.7"),
        (["1.1.1.1, 198.51.100.7"], "198.51.100.7"),  # what stands before the last stranger is hearsay
        (["1.1.1.1, 198.51.100.7, 10.2.2.2"], "198.51.100.7"),
        (["198.51.100.7", "10.2.2.2, fd00::2"], "198.51.100.7"),
        (["10.2.2.2"], "10.2.2.2"),
        (["198.51.100.7, unknown"], "10.0.0.9"),
        (["198.51.100.7, unknown, 10.2.2.2"], "10.2.2.2"),
        ([""], "10.0.0.9"),
        ([], "10.0.0.9"),
    ],
)
def test_the_peer_is_the_last_address_that_is_no_proxy_of_ours(hops: list[str], peer: str) -> None:
    """Read from the end, as far as our own proxies go."""
    assert origin(*(("x-forwarded-for", hop) for hop in hops), **OURS).peer == peer


def test_the_url_is_the_one_the_sender_knows() -> None:
    """As set, else by our proxy's word, else by the Host header; path and query byte for byte."""
    said = (("x-forwarded-proto", "https"), ("x-forwarded-host", "hooks.example.com"))
    asked = {"path": b"/channels/a%20b", "query": b"x=%C3%A9&y"}
    assert origin(*said, **asked).url == "http://bridge.example/channels/a%20b?x=%C3%A9&y"
    assert origin(*said, **asked, **OURS).url == "https://hooks.example.com/channels/a%20b?x=%C3%A9&y"
    told = origin(*said, **OURS, public_url="https://example.org/bridge")
    assert told.url == "https://example.org/bridge/channels/a"


@pytest.mark.parametrize("url", ["hooks.example.com", "https://a/", "https://a?b", "ftp://a", "https://a b"])
def test_a_public_url_has_no_loose_ends(url: str) -> None:
    """What would make a wrong URL is a wrong setting."""
    with pytest.raises(ValueError, match="public_url"):
        HttpSettings(public_url=url)
