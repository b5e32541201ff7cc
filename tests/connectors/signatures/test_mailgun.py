"""Mailgun, whose proof stands in the body."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import Delivery, Refused
from connectors.headers import Headers
from connectors.signatures.mailgun import Mailgun
from tests.connectors.signing import sign

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FORM = Headers([("Content-Type", "application/x-www-form-urlencoded")])
EVENT = Delivery("c", Headers(), b'{"event-data": {"event": "opened"}}', NOW)
ROUTE = Delivery("c", FORM, b"sender=a%40example.com&subject=Hi", NOW)


def proof(**changed: Any) -> Delivery:  # noqa: ANN401 - any JSON
    """Return an event whose proof was changed."""
    document = json.loads(sign("mailgun", EVENT, "s").body)
    document["signature"] |= changed
    return replace(EVENT, body=json.dumps(document).encode())


@pytest.mark.parametrize("unsigned", [EVENT, ROUTE])
def test_events_and_routes_are_proved(unsigned: Delivery) -> None:
    """The proof is found in JSON and among a form's fields."""
    assert Mailgun().prove(sign("mailgun", unsigned, "s"), ("other", "s"), {}) == 1
    with pytest.raises(Refused):
        Mailgun().prove(unsigned, ("s",), {})


def test_multipart_routes_are_proved() -> None:
    """Routes post forms in parts too."""
    fields = json.loads(sign("mailgun", EVENT, "s").body)["signature"]
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    parts = "".join(part.format(name, value) for name, value in fields.items())
    headers = Headers([("Content-Type", "multipart/form-data; boundary=b")])
    found = replace(EVENT, headers=headers, body=f"{parts}--b--\r\n".encode())
    assert Mailgun().prove(found, ("s",), {}) == 0


def test_a_parents_key_is_enough() -> None:
    """What a subaccount sends may be proved by the key of its parent."""
    parents = json.loads(sign("mailgun", EVENT, "parent").body)["signature"]["signature"]
    found = proof(**{"parent-signature": parents})
    assert Mailgun().prove(found, ("parent",), {}) == 0
    assert Mailgun().prove(found, ("s",), {}) == 0


@pytest.mark.parametrize(
    "found",
    [
        proof(token="other"),
        proof(timestamp="1795435201"),
        proof(timestamp=1795435200),
        proof(signature="0" * 64),
        proof(signature="zz"),
        proof(signature=None),
        proof(token="t" * 201),
        proof(token=""),
        replace(EVENT, body=b'{"signature": "x"}'),
        replace(EVENT, body=b"[]"),
        replace(EVENT, body=b"{"),
        replace(ROUTE, body=sign("mailgun", ROUTE, "s").body + b"&token=2"),
        replace(ROUTE, body=b"\xff"),
    ],
)
def test_anything_else_is_refused(found: Delivery) -> None:
    """Changed, missing, doubled and unreadable proofs are Refused."""
    with pytest.raises(Refused):
        Mailgun().prove(found, ("s",), {})


@pytest.mark.parametrize("late_s", [-301, 301])
def test_it_has_to_be_fresh(late_s: int) -> None:
    """Five minutes either way, unless the channel says otherwise."""
    moved = replace(sign("mailgun", EVENT, "s"), arrived_at=NOW + timedelta(seconds=late_s))
    with pytest.raises(Refused, match="signed 301 s"):
        Mailgun().prove(moved, ("s",), {})
    assert Mailgun(tolerance_s=86400).prove(moved, ("s",), {}) == 0
