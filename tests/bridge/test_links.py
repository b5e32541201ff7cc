"""Whether agents get links, and what those begin with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge.links import mail_routes
from console.links import links_of
from worker.app import app
from worker.secrets import Secrets
from worker.settings import Settings
from worker.telemetry import logs
from worker.wiring import Bridge

ANYWHERE = "0.0.0.0"  # noqa: S104 - nothing is opened
KEYS = {"keys": ["file:links.key"]}


def link(tmp_path: Path, **said: Mapping[str, Any]) -> str:
    """Return the link to a mail, nothing where none is made."""
    (tmp_path / "links.key").write_text("key")
    links = links_of(Settings.model_validate(said), Secrets(tmp_path))
    return links.to("mail", b"x") if links else ""


@pytest.mark.parametrize(
    ("http", "base"),
    [
        ({"public_url": "https://bridge.example.com"}, "https://bridge.example.com"),
        ({"public_url": "https://example.com/bridge", "host": ANYWHERE}, "https://example.com/bridge"),
        ({}, "http://127.0.0.1:8080"),
        ({"host": "::1", "port": 81}, "http://[::1]:81"),
        ({"host": "localhost"}, "http://localhost:8080"),
    ],
)
def test_links_begin_with_what_agents_know_the_door_by(
    tmp_path: Path, http: Mapping[str, Any], base: str
) -> None:
    """What is said, or the port where only this machine comes in anyway."""
    assert link(tmp_path, http=http, links=KEYS).startswith(f"{base}/mail/mail/")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"links": KEYS, "http": {"host": ANYWHERE}},
        {"links": KEYS, "http": {"host": "bridge.internal"}},
        {"links": KEYS, "http": {"port": 0}},
        {"links": KEYS, "blobs": {"url": "none"}},
    ],
    ids=["no key", "any address", "a name", "any port", "nothing kept"],
)
def test_without_an_address_or_a_key_there_are_none(tmp_path: Path, said: Mapping[str, Any]) -> None:
    """A link that leads nowhere is worse than none."""
    assert link(tmp_path, **said) == ""


@pytest.mark.parametrize(("keys", "routes"), [(KEYS, 4), ({}, 0)])
def test_pages_are_there_where_links_are(tmp_path: Path, keys: Mapping[str, Any], routes: int) -> None:
    """And nowhere else."""
    settings = Settings.model_validate({"links": keys, "store": {"url": "redis://127.0.0.1:1"}})
    assert (
        len(mail_routes(Bridge(settings, Secrets(tmp_path), app, logs.listener(), data=tmp_path))) == routes
    )
