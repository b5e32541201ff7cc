"""The shapes of `/sandbox/*`."""

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from sandbox.shape import AuditEntry, ClockSetting, ClockShown, InteractionShown

if TYPE_CHECKING:
    from tests.sandbox.conftest import Desk, InProcess


def test_shapes_are_what_is_sent(desk: "Desk", client: "InProcess") -> None:
    """What the sandbox shows has exactly the fields that its description names."""
    desk.create()
    entry = next(iter(desk.world.audit)).shown()
    assert AuditEntry.model_validate(entry).model_dump() == entry
    interaction = next(iter(desk.world.state)).described()
    assert InteractionShown.model_validate(interaction).model_dump() == interaction
    clock = client.ask("GET", "/sandbox/clock").json()
    assert ClockShown.model_validate(clock).model_dump() == clock


@pytest.mark.parametrize("offset", [1e12, -1e12, float("nan")])
def test_the_clock_stays_in_the_calendar(offset: float) -> None:
    """The clock cannot be turned to where dates end."""
    with pytest.raises(ValidationError):
        ClockSetting(offset_s=offset)
