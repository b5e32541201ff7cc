"""Settings about calls to a service."""

from typing import Any

import pytest
from pydantic import ValidationError

from worker.gate_settings import BreakerSettings, GateSettings, RetrySettings


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (GateSettings, {"requests_per_s": -1}),
        (GateSettings, {"burst": -1}),
        (GateSettings, {"in_flight": -1}),
        (BreakerSettings, {"calls": -1}),
        (BreakerSettings, {"ratio": 0}),
        (BreakerSettings, {"ratio": 1.1}),
        (BreakerSettings, {"open_s": 0}),
        (RetrySettings, {"max_attempts": 0}),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(model: type, wrong: dict[str, Any]) -> None:
    """Rates and counts below nothing, shares above all, and no try at all."""
    with pytest.raises(ValidationError):
        model(**wrong)
