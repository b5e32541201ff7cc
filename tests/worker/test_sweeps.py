"""What is remembered of a sweep is checked, and an idle interaction knows its place."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from worker.sweeps import Cursor, Idle, Sweep

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_an_idle_interaction_stands_where_its_activity_puts_it() -> None:
    """A page goes on behind its last one."""
    assert Idle("c-1", NOW, None, 0).cursor == Cursor(NOW, "c-1")


def test_a_record_of_a_newer_bridge_is_not_half_understood() -> None:
    """Unknown fields are refused."""
    said = {"id": "s", "service": "support", "at": NOW, "by": "person", "result": "done"}
    assert Sweep.model_validate(said).left == {}
    with pytest.raises(ValidationError, match="not permitted"):
        Sweep.model_validate({**said, "colour": "red"})
