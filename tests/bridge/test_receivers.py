"""What `bridge check` finds out about subscriptions."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from bridge.receivers import reached, stated
from worker.secrets import Secrets
from worker.settings import Settings
from worker.wiring import Bridge

GOOD = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def settings_of(**more: Any) -> Settings:  # noqa: ANN401 - whatever a setting takes
    """Return settings with one subscription."""
    crm = {"url": "https://93.184.215.14/events", "secrets": ("file:key",), **more}
    service = {"base_url": "http://127.0.0.1:9", "api_key": "env:KEY"}
    return Settings(
        store={"url": "redis://127.0.0.1:1"},
        services={"support": service},
        clients={"shop": {"keys": ("env:KEY",), "services": ("support",)}},
        subscriptions={"crm": crm},
    )


def said(tmp_path: Path, secret: str = GOOD, **more: Any) -> list[tuple[str, str, str]]:  # noqa: ANN401 - as above
    """Return what the settings alone say."""
    (tmp_path / "key").write_text(secret)
    found = stated(settings_of(**more), Secrets(tmp_path))
    return [(each.grade.value, each.what, each.text) for each in found]


def test_a_subscription_that_makes_sense_says_nothing(tmp_path: Path) -> None:
    """Channels may be those of clients and of sweeps."""
    assert said(tmp_path, channels=("api.shop", "sweep")) == []


def test_a_secret_that_signs_nothing_is_a_problem(tmp_path: Path) -> None:
    """By its reference; a missing one is said elsewhere."""
    ((grade, what, text),) = said(tmp_path, "whsec_AAAA")
    assert (grade, what) == ("problem", "subscriptions.crm.secrets")
    assert text.startswith("file:key: the secret must be whsec_")
    assert said(tmp_path, secrets=("file:none",)) == []


def test_a_channel_that_nobody_has_is_worth_a_warning(tmp_path: Path) -> None:
    """Nothing would ever be told."""
    ((grade, what, text),) = said(tmp_path, channels=("shop",))
    assert (grade, what) == ("warning", "subscriptions.crm.channels")
    assert "'shop'" in text


def test_a_private_receiver_is_worth_a_warning(tmp_path: Path) -> None:
    """It is allowed, and said aloud."""
    ((grade, _, text),) = said(tmp_path, allow_private=True)
    assert grade == "warning"
    assert "allow_private" in text


@pytest.mark.parametrize(
    ("url", "allow_private", "grade", "text"),
    [
        ("https://93.184.215.14/", False, "ok", "93.184.215.14 leads to 93.184.215.14; it is known as"),
        ("https://127.0.0.1/", False, "problem", "127.0.0.1 leads to 127.0.0.1, which is not public"),
        ("http://127.0.0.1/", True, "ok", "127.0.0.1 leads to 127.0.0.1"),
        ("https://localhost/", False, "problem", "which is not public"),
        ("https://nowhere.invalid/", False, "problem", "nowhere.invalid leads nowhere"),
        ("https://h:99999/", False, "problem", "subscriptions.crm.url is not a URL"),
    ],
)
def test_where_it_leads_is_said(
    tmp_path: Path, url: str, grade: str, text: str, *, allow_private: bool
) -> None:
    """And nothing is sent there."""
    (tmp_path / "key").write_text(GOOD)

    async def scene() -> list[tuple[str, str]]:
        settings = settings_of(url=url, allow_private=allow_private)
        celery = Celery("test", broker="memory://", set_as_current=False)
        bridge = Bridge(settings, Secrets(tmp_path), celery, lambda _: None)
        found = await reached(bridge, "crm")
        await bridge.aclose()
        return [(each.grade.value, each.text) for each in found]

    ((found, words),) = asyncio.run(scene())
    assert found == grade
    assert text in words
