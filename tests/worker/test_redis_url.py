"""One form of URL for each way Redis is run; what cannot be meant is refused, without its password."""

import pytest

from worker.errors import SettingsError
from worker.redis_url import RedisUrl, Way, read_redis_url


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("redis://h:1/2", RedisUrl(Way.DIRECT, "redis://h:1/2")),
        ("rediss://u:p@h?ssl_ca_certs=ca.pem", RedisUrl(Way.DIRECT, "rediss://u:p@h?ssl_ca_certs=ca.pem")),
        ("valkey://h", RedisUrl(Way.DIRECT, "redis://h")),
        ("valkeys://h", RedisUrl(Way.DIRECT, "rediss://h")),
        ("unix:///run/r.sock?db=1", RedisUrl(Way.DIRECT, "unix:///run/r.sock?db=1")),
        (
            "sentinel://u:p@a,b:2/main/3",
            RedisUrl(Way.SENTINEL, "redis://u:p@a:26379/3", (("a", 26379), ("b", 2)), "main"),
        ),
        (
            "sentinels://a/main?ssl_ca_certs=ca&sentinel_username=s&sentinel_password=t%2F",
            RedisUrl(
                Way.SENTINEL,
                "rediss://a:26379?ssl_ca_certs=ca",
                (("a", 26379),),
                "main",
                (("username", "s"), ("password", "t/")),
            ),
        ),
        ("cluster://a,[::1]:7", RedisUrl(Way.CLUSTER, "redis://a:6379", (("a", 6379), ("::1", 7)))),
        ("clusters://:p@[::1]", RedisUrl(Way.CLUSTER, "rediss://:p@[::1]:6379", (("::1", 6379),))),
    ],
)
def test_each_form_is_read(written: str, read: RedisUrl) -> None:
    """As the module's own head says."""
    assert read_redis_url(written, "store.url") == read


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("http://:sesame@h", "must be one of redis://"),
        (":sesame@h", "must be one of redis://"),
        ("sentinel://:sesame@a,b", "the master's name is missing"),
        ("sentinel://:sesame@a,,b/main", "a host is missing"),
        ("cluster://:sesame@a:b", "'a:b' is not HOST or HOST:PORT"),
        ("cluster://:sesame@a,[::1", r"'\[::1' is not HOST or HOST:PORT"),
        ("cluster://:sesame@a/0", "a cluster has no databases"),
    ],
)
def test_what_cannot_be_meant_is_refused(written: str, said: str) -> None:
    """With the setting's name and what to do, and never with the password."""
    with pytest.raises(SettingsError, match=f"store.url.*{said}") as caught:
        read_redis_url(written, "store.url")
    assert "sesame" not in str(caught.value)
