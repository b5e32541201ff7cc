"""`bridge intake`."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from tests.bridge.conftest import Up


@pytest.mark.story
def test_it_lives_and_is_ready(live: "Up") -> None:
    """Probes find it at the intake's own address."""
    for path, status in (("livez", "live"), ("readyz", "ready")):
        with urlopen(f"{live.places['intake']}/{path}") as answer:  # noqa: S310 - our own server
            assert json.load(answer) == {"status": status}


def test_a_secret_that_leads_nowhere_is_one_sentence(
    tmp_path: Path, bridge: Callable[..., CompletedProcess[str]]
) -> None:
    """It is said before any door opens."""
    (tmp_path / "bridge.toml").write_text(
        '[services.support]\nbase_url = "http://127.0.0.1:9/nexus/v3"\napi_key = "env:KEY"\n'
        '[channels.tickets]\nconnector = "webhook"\nverify = "hmac"\n'
        'service = "support"\nsecrets = ["file:nowhere"]\n'
    )
    told = bridge("intake", cwd=tmp_path)
    assert told.returncode == 1
    assert told.stderr == "bridge: file:nowhere: nowhere cannot be read: No such file or directory\n"
