"""Each operation submits the command that its words ask for."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.connectors.hosts.commands.conftest import COLLECTION, NOW

if TYPE_CHECKING:
    from tests.connectors.hosts.commands.conftest import Shop
    from worker.commands import Command

TRACE = "0af7651916cd43dd8448eb211c80319c"
ONE = f"{COLLECTION}/c-1"


def accepted(shop: "Shop") -> "Command":
    """Return the command that stands in the lane."""
    view = asyncio.run(shop.store.view("support", "c-1"))
    assert view is not None
    (queued,) = view.pending
    assert queued.command is not None
    return queued.command


def test_create(shop: "Shop") -> None:
    """Everything that a body says is in the command; the channel is the client."""
    content = {
        "external_id": "c-1",
        "user_data": {"Subject": "Hello", "Deep": {"a": [1, None]}},
        "parent_interaction_id": "P1",
        "received_at": "2026-11-23T10:00:00+01:00",
        "on_conflict": "adopt",
    }
    trace = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    assert shop.ask("POST", COLLECTION, content, key="k-1", headers=trace).status_code == 202
    assert accepted(shop).model_dump(mode="json") == {
        "kind": "create",
        "service": "support",
        "external_id": "c-1",
        "idempotency_key": "api.shop:k-1",
        "channel": "api.shop",
        "received_at": "2026-11-23T09:00:00Z",
        "trace_id": TRACE,
        "user_data": {"Subject": "Hello", "Deep": {"a": [1, None]}},
        "parent_interaction_id": "P1",
        "on_conflict": "adopt",
    }


def test_update(shop: "Shop") -> None:
    """The three lists and both rules."""
    content = {
        "changed": {"Status": "late"},
        "added": {"Note": 1},
        "deleted": ["Hint"],
        "on_missing": "drop",
        "on_ended": "bury",
    }
    assert shop.ask("POST", f"{ONE}/update", content, key="k-2").status_code == 202
    command = accepted(shop).model_dump(mode="json", include={"kind", *content})
    assert command == {"kind": "update", **content}


def test_stop(shop: "Shop") -> None:
    """With its reasons."""
    content = {"reason_system_name": "Resolved", "reason_description": "It came."}
    assert shop.ask("POST", f"{ONE}/stop", content, key="k-3").status_code == 202
    assert accepted(shop).model_dump(include={"kind", *content}) == {"kind": "stop", **content}


def test_a_stop_needs_no_body(shop: "Shop") -> None:
    """Without a body, and so without a content type, it is stopped now and for no reason."""
    assert shop.ask("POST", f"{ONE}/stop", key="k-3").status_code == 202
    command = accepted(shop)
    assert (command.kind, command.received_at) == ("stop", NOW)


def test_what_happened_without_a_time_happened_now(shop: "Shop") -> None:
    """The arrival at our door."""
    shop.create()
    assert accepted(shop).received_at == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_an_interaction_is_read(shop: "Shop") -> None:
    """The ledger's view, without a call to the API."""
    shop.create()
    read = shop.ask("GET", ONE).json()
    assert (read["service"], read["external_id"], read["live"]) == ("support", "c-1", None)
    assert read["ledger"]["waiting"] == [
        {"sequence": 1, "kind": "create", "accepted_at": "2026-11-23T12:00:00Z"}
    ]
    assert [each["event"] for each in read["ledger"]["history"]] == ["received"]
    assert shop.remote.asked == []


def test_a_command_is_read(shop: "Shop") -> None:
    """Where it stands, by the number in its receipt."""
    receipt = shop.create().json()["receipt"]
    read = shop.ask("GET", f"{ONE}/commands/{receipt['sequence']}").json()
    assert (read["state"], read["sequence"], read["interaction_state"]) == ("waiting", 1, "new")
