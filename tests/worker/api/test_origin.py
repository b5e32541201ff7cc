"""A base URL says where a server is, or what is wrong with it."""

import pytest

from worker.api.origin import Origin


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://host/nexus/v3", Origin("host", 443, tls=True, authority="host", path="/nexus/v3")),
        ("https://host/nexus/v3/", Origin("host", 443, tls=True, authority="host", path="/nexus/v3")),
        ("http://host:8080", Origin("host", 8080, tls=False, authority="host:8080", path="")),
        ("https://host:443/a", Origin("host", 443, tls=True, authority="host", path="/a")),
        ("http://[::1]:81/a", Origin("::1", 81, tls=False, authority="[::1]:81", path="/a")),
        (
            "https://bücher.example/a b%3B",
            Origin(
                "xn--bcher-kva.example", 443, tls=True, authority="xn--bcher-kva.example", path="/a%20b%3B"
            ),
        ),
        ("https://host/a?tenant=7", Origin("host", 443, tls=True, authority="host", path="/a")),
    ],
)
def test_a_base_url_names_a_server_and_a_path(base_url: str, expected: Origin) -> None:
    """The usual port goes without saying, a name becomes ASCII, and what was encoded stays as it is."""
    assert Origin.of(base_url) == expected


@pytest.mark.parametrize(
    "base_url", ["http://[::1", "http://host:port", "http://me:pw@host", "http://", "host", "ftp://host"]
)
def test_what_names_no_server_is_refused(base_url: str) -> None:
    """With a clause that can stand behind the name of the setting."""
    with pytest.raises(ValueError, match=r"^(is not a URL|must name a host)"):
        Origin.of(base_url)
