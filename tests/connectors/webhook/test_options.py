"""The options of a webhook channel."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.webhook.options import Action, WebhookOptions

LEAST: dict[str, Any] = {"do": "upsert", "external_id": "id"}


def test_little_is_enough() -> None:
    """What to do and where the id stands is all that must be said."""
    options = WebhookOptions.model_validate(LEAST)
    assert options.do is Action.UPSERT
    assert not options.plain_ids


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"action": "event", "actions": {"a": "create"}}, "exclude each other"),
        ({"do": None}, "give either"),
        ({"do": None, "action": "event"}, "give either"),
        ({"do": None, "actions": {"a": "create"}}, "give either"),
        ({"do": "explode"}, "create"),
        ({"idempotency_key": "id", "idempotency_header": "X-Id"}, "exclude each other"),
        ({"idempotency_header": "X Sig"}, "pattern"),
        ({"user_data": {"State": "state"}}, "reserved"),
        ({"deleted": "["}, "JMESPath"),
        ({"on_conflict": "shout"}, "bury"),
        ({"subject": "id"}, "Extra inputs"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, Any], complaint: str) -> None:
    """Options that exclude each other, unknown ones and bad values are refused."""
    with pytest.raises(ValidationError, match=complaint):
        WebhookOptions.model_validate({**LEAST, **changes})
