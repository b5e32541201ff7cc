"""docs/events.md shows what is sent, and its receiver takes it."""

import base64
import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from worker.hooks.signature import sign
from worker.notices import Notice, NoticeKind
from worker.settings import Settings

DOCUMENT = (Path(__file__).parents[3] / "docs/events.md").read_text(encoding="utf-8")
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def blocks(language: str) -> list[str]:
    """Return the document's blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


def test_its_receiver_takes_what_is_sent() -> None:
    """The code on the page, run."""
    space: dict[str, Any] = {}
    (code,) = blocks("python")
    exec(code, space)  # noqa: S102 - it is our own page
    body, now = blocks("json")[0].encode(), int(datetime.now(UTC).timestamp())
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(now),
        "webhook-signature": sign("evt_1", now, body, [SECRET]),
    }
    assert space["receive"](SECRET, headers, body) == {"id": "evt_1", **json.loads(body)}


def test_its_examples_are_what_is_told() -> None:
    """Every field, and no other."""
    for block in blocks("json"):
        event = json.loads(block)
        facts = {"id": "evt_1", "kind": event["type"], "at": NOW, **event["data"]}
        assert Notice.model_validate(facts).told == event["data"]


def test_it_tells_of_every_event() -> None:
    """By its name, in the table."""
    for kind in NoticeKind:
        assert f"| `{kind.value}` |" in DOCUMENT


def test_its_settings_can_be_used() -> None:
    """As they stand on the page."""
    (written,) = blocks("toml")
    services = {"support": {"base_url": "https://host/nexus/v3", "api_key": "env:KEY"}}
    settings = Settings.model_validate({**tomllib.loads(written), "services": services})
    crm = settings.hooks["hook.crm"]
    assert f"up to {crm.retry.base_s:g} s" in DOCUMENT
    assert f"within {crm.call_timeout_s:g} seconds" in DOCUMENT
    assert f"{crm.waiting_cap:,} conversations" in DOCUMENT
