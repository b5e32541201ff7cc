"""The options of a webhook channel."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.base import Answered, Reply
from connectors.webhook.options import WebhookOptions
from connectors.webhook.rule import Action

LEAST: dict[str, Any] = {"external_id": "body.id", "rules": [{"do": "upsert"}]}


def test_little_is_enough() -> None:
    """Where the id stands and what to do is all that must be said."""
    options = WebhookOptions.model_validate(LEAST)
    assert options.rules[0].do is Action.UPSERT
    assert options.otherwise == "unreadable"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"rules": []}, "at least 1"),
        ({"rules": [{"when": "body.a"}]}, "do"),
        ({"rules": [{"do": "explode"}]}, "create"),
        ({"rules": [{"do": "create", "colour": "red"}]}, "Extra inputs"),
        ({"external_id": None}, "external_id"),
        ({"external_id": []}, "an id needs at least one expression"),
        ({"external_id": ["body.a", 7]}, "an expression is a JMESPath text, or"),
        ({"user_data": {"State": "body.state"}}, "reserved"),
        ({"user_data": {"A": {"value": 1, "more": 2}}}, "an expression is a JMESPath text, or"),
        ({"deleted": "["}, "JMESPath"),
        ({"on_conflict": "shout"}, "bury"),
        ({"otherwise": "shout"}, "unreadable"),
        ({"subject": "body.id"}, "Extra inputs"),
        ({"each": {"Big": "body"}}, "pattern"),
        ({"each": {"body": "body.list"}}, "each.body: this name is taken"),
        ({"manners": {"methods": ["BREW"]}}, "GET"),
        ({"manners": {"methods": []}}, "at least 1"),
        ({"manners": {"statuses": {"accepted": 99}}}, "greater than or equal to 200"),
        ({"manners": {"reply": {"content_type": "text/xml\r\nX: y"}}}, "pattern"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, Any], complaint: str) -> None:
    """Options that make no sense, unknown ones and bad values are refused."""
    written = {**LEAST, **changes}
    with pytest.raises(ValidationError, match=complaint):
        WebhookOptions.model_validate({name: value for name, value in written.items() if value is not None})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"external_id": "ticket.id"}, "external_id: asks for 'ticket'.*as in 'body.ticket'"),
        ({"received_at": "item.at"}, "received_at: asks for 'item'"),
        ({"user_data": {"A": "b || body.b"}}, "user_data.A: asks for 'b'"),
        ({"rules": [{"do": "stop"}, {"do": "stop", "when": "x"}]}, r"rules.1.when: asks for 'x'"),
        ({"each": {"one": "two.list", "two": "body.list"}}, "each.one: asks for 'two'"),
        (
            {"each": "body.list", "rules": [{"do": "greet", "when": "item", "reply": "body.x"}]},
            "rules.0.when: asks for 'item'",
        ),
    ],
)
def test_expressions_begin_with_what_there_is(changes: dict[str, Any], complaint: str) -> None:
    """A path that forgets where it begins is found at load, not by the first delivery."""
    with pytest.raises(ValidationError, match=complaint):
        WebhookOptions.model_validate({**LEAST, **changes})


def test_events_have_names() -> None:
    """`each` as a text is the list of items; as a table every list has its name, and may use those before."""
    WebhookOptions.model_validate({**LEAST, "each": "body.list", "external_id": "item.id"})
    WebhookOptions.model_validate(
        {**LEAST, "each": {"entry": "body.list", "message": "entry.list"}, "external_id": "message.id"}
    )


def test_who_only_ignores_needs_no_id() -> None:
    """Rules that open, change and stop nothing need not find a conversation."""
    WebhookOptions.model_validate({"rules": [{"do": "ignore"}, {"do": "greet", "reply": "body.challenge"}]})


def test_manners_are_the_hosts() -> None:
    """What a channel says of its sender reaches the hosts in their words."""
    manners = {
        "methods": ["GET", "POST"],
        "statuses": {"accepted": 200},
        "reply": {"content_type": "text/xml; charset=utf-8", "body": "<Response/>"},
        "keeps_conflicts": True,
    }
    found = WebhookOptions.model_validate({**LEAST, "manners": manners}).manners.manners()
    assert found.methods == {"GET", "POST"}
    assert found.statuses == {Answered.ACCEPTED: 200}
    assert found.reply == Reply("text/xml; charset=utf-8", b"<Response/>")
    assert found.keeps_conflicts
    assert WebhookOptions.model_validate(LEAST).manners.manners().reply is None
