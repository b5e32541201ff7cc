"""Dead letters come back as they were, byte for byte."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from worker.commands import Stop
from worker.letters import DeadCommand, Unreadable

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@given(body=st.binary(max_size=100))
def test_an_unreadable_delivery_keeps_its_bytes(body: bytes) -> None:
    """Whatever the sender wrote, also what is no text at all."""
    letter = Unreadable(
        id="u1", service="support", channel="mail", reason="not JSON", arrived_at=NOW, body=body
    )
    assert Unreadable.model_validate_json(letter.model_dump_json()) == letter


def test_bodies_and_headers_stay_out_of_logs() -> None:
    """A letter that is printed shows why, not what."""
    letter = Unreadable(
        id="u1",
        service="support",
        channel="mail",
        reason="not JSON",
        arrived_at=NOW,
        headers=(("Authorization", "s3cret"),),
        body=b"private",
    )
    assert "private" not in repr(letter)
    assert "s3cret" not in repr(letter)
    assert "not JSON" in repr(letter)


def test_a_dead_command_is_kept_whole() -> None:
    """The command is among its evidence, so that it can be sent again."""
    command = Stop(
        service="support", external_id="c-1", idempotency_key="mail:1", channel="mail", received_at=NOW
    )
    letter = DeadCommand(
        id="d1",
        cause="rejected",
        reason="400",
        buried_at=NOW,
        attempts=1,
        sequence=7,
        command=command,
    )
    assert DeadCommand.model_validate_json(letter.model_dump_json()).command == command
