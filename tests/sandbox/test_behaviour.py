"""The questions the reference leaves open."""

import pytest
from pydantic import ValidationError

from sandbox.behaviour import Behaviour


def test_unknown_questions_are_refused() -> None:
    """A misspelt switch is an error, not a default."""
    with pytest.raises(ValidationError):
        Behaviour.model_validate({"envelop": "bare"})


def test_a_behaviour_does_not_change() -> None:
    """A behaviour is a value; another reading is another behaviour."""
    with pytest.raises(ValidationError):
        Behaviour().envelope = "bare"  # type: ignore[misc]  # the point of the test


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, 1e300])
def test_durations_are_finite(value: float) -> None:
    """No duration leads beyond the calendar."""
    with pytest.raises(ValidationError):
        Behaviour(conflict_for_s=value)
