"""How the demonstration sends its files."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from bridge.delivery import Letters, Step
from bridge.places import Places

if TYPE_CHECKING:
    from tests.bridge.conftest import Up

pytestmark = pytest.mark.story


def test_only_receipts_are_remembered(live: "Up") -> None:
    """An unsigned webhook is refused and leaves no conversation; a signed one leaves its own, once."""
    secret = (live.directory / "bridge-data/secrets/tickets.key").read_text().strip()
    letters = Letters(Places(**live.places), secret)
    name = "webhooks/06_second_ticket.json"
    answers = [asyncio.run(letters.deliver(Step(name, "", signed=signed))) for signed in (False, True, True)]
    assert answers == ["401 Not verified", "202 accepted", "200 duplicate"]
    assert len(letters.receipted) == 1
    assert secret not in repr(letters)
