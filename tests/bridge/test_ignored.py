"""`bridge mail ignored`: what a channel let go, as a person asks for it."""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from worker.notes import Note
from worker.wiring import Bridge

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def notes(operator: "Operator") -> None:
    """Let two mails go."""

    async def body(bridge: Bridge) -> None:
        for number, sort in enumerate(("auto-reply", "receipt")):
            note = Note(
                id=f"m{number}@example.org",
                service="support",
                channel="tickets",
                sort=sort,
                reason=f"{sort}: told by its \x1b[31mheader",
                arrived_at=NOW + timedelta(minutes=number),
                domain="example.org",
            )
            await bridge.store.note(note)

    operator.does(body)


def test_what_was_let_go_is_listed(operator: "Operator") -> None:
    """Newest first, with nothing that a terminal would obey, and counted by sort."""
    notes(operator)
    lines = operator.reads("mail", "ignored", "tickets", "--utc")
    assert lines[1].split()[:5] == ["2026-11-23", "12:01:00", "UTC", "receipt", "example.org"]
    assert "\x1b" not in "".join(lines)
    assert lines[-1].strip() == "1 receipt, 1 auto-reply"


def test_a_program_reads_it_as_json(operator: "Operator") -> None:
    """With every field, and no more than was asked for."""
    notes(operator)
    (line,) = operator.reads("mail", "ignored", "tickets", "--json", "--limit", "1")
    (told,) = json.loads(line)
    assert told["id"] == "m1@example.org"
    assert set(told) == set(Note.model_fields)


def test_nothing_is_said_to_be_nothing(operator: "Operator") -> None:
    """A channel that let nothing go, and one that does not exist."""
    assert operator.reads("mail", "ignored", "tickets") == ["tickets let nothing go lately"]
    assert "no channel 'nowhere' is configured; there is: " in operator.refused("mail", "ignored", "nowhere")
