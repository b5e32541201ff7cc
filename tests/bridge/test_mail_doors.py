"""Which doors for mail are opened."""

from pathlib import Path
from typing import Any

import pytest

from bridge.intake import connectors_of
from bridge.mail_doors import wants_smtp
from connectors.hosts.evidence import FetchedEvidence
from connectors.hosts.fetch import Fetcher
from worker.secrets import Secrets
from worker.settings import Settings

OPTIONS = {"addresses": ["support@example.com"]}
MAIL = {"connector": "email", "service": "support", "options": OPTIONS}
BOX = {"host": "localhost", "user": "support@example.com", "password": "env:X"}


@pytest.mark.parametrize(
    ("channels", "enabled", "wanted"),
    [
        ({}, None, False),
        ({"mail": MAIL}, None, True),
        ({"mail": {**MAIL, "mailbox": BOX}}, None, False),
        ({"mail": {**MAIL, "mailbox": BOX}, "other": MAIL}, None, True),
        ({"mail": {**MAIL, "mailbox": BOX}}, True, True),
        ({"mail": MAIL}, False, False),
    ],
)
def test_the_smtp_port_is_opened_where_it_is_wanted(
    channels: dict[str, Any],
    enabled: bool | None,  # noqa: FBT001 - a parameter
    wanted: bool,  # noqa: FBT001 - a parameter
) -> None:
    """For a channel that has no other way in, unless the settings say so or otherwise."""
    settings = Settings.model_validate(
        {
            "services": {"support": {"base_url": "http://127.0.0.1:9/v3", "api_key": "env:X"}},
            "channels": channels,
            "smtp": {"enabled": enabled},
        }
    )
    connectors = connectors_of(settings, Secrets(Path()), FetchedEvidence(Fetcher()))
    assert wants_smtp(settings, connectors) is wanted
