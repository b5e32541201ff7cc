"""Rules and what they take from their channel."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.webhook.rule import Rule, Terms
from worker.commands import OnEnded


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        (
            {"do": "ignore", "external_id": "body.id"},
            "`external_id` is of no use to a rule that does 'ignore'",
        ),
        ({"do": "stop", "user_data": {"A": "body.a"}}, "`user_data` is of no use to a rule that does 'stop'"),
        ({"do": "create", "deleted": "body.gone"}, "`deleted` is of no use to a rule that does 'create'"),
        ({"do": "create", "added": {"A": "body.a"}}, "`added` is of no use"),
        ({"do": "update", "reason_description": "body.a"}, "`reason_description` is of no use"),
        ({"do": "upsert", "on_missing": "drop"}, "`on_missing` is of no use"),
        ({"do": "create", "because": "so"}, "`because` is of no use"),
        ({"do": "greet"}, "says with `reply`"),
        ({"do": "stop", "reply": "body.a"}, "`reply` is of no use"),
    ],
)
def test_a_rule_says_only_what_it_needs(written: dict[str, Any], complaint: str) -> None:
    """A key that cannot matter to what a rule does is a mistake."""
    with pytest.raises(ValidationError, match=complaint):
        Rule.model_validate(written)


def test_the_channel_speaks_for_all_rules() -> None:
    """What a rule does not say, the channel says for it; properties of both stand together."""
    channel = Terms.model_validate(
        {
            "external_id": "body.id",
            "user_data": {"A": "body.a", "B": "body.b"},
            "on_ended": "drop",
            "as_text": True,
        }
    )
    rule = Rule.model_validate(
        {"do": "update", "user_data": {"B": "body.other"}, "on_ended": "bury", "received_at": "body.at"}
    )
    completed = rule.completed(channel)
    assert completed.external_id is channel.external_id
    assert completed.received_at is rule.received_at
    assert completed.user_data == {"A": channel.user_data["A"], "B": rule.user_data["B"]}
    assert completed.on_ended is OnEnded.BURY
    assert completed.as_text


def test_every_expression_is_known_by_its_key() -> None:
    """What a rule asks is found with the key it stands under, for whoever checks it."""
    rule = Rule.model_validate(
        {"when": "body.x", "do": "update", "external_id": ["body.a", "query.b"], "user_data": {"P": "body.p"}}
    )
    asked = {name: each.beginnings for name, each in rule.asked()}
    assert asked == {"when": {"body"}, "external_id": {"body", "query"}, "user_data.P": {"body"}}
