"""Times in a sender's words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import UnreadableDelivery
from connectors.webhook.moment import moment

ARRIVAL = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, ARRIVAL),
        ("", ARRIVAL),
        ("2026-11-23T11:00:00+01:00", datetime(2026, 11, 23, 10, 0, tzinfo=UTC)),
        ("2026-11-23T11:00:00Z", datetime(2026, 11, 23, 11, 0, tzinfo=UTC)),
        ("2026-11-23 11:00", datetime(2026, 11, 23, 11, 0, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1_700_000_000.25, datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)),
        (1_700_000_000_250, datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)),
        ("1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("1700000000.000200", datetime(2023, 11, 14, 22, 13, 20, 200, tzinfo=UTC)),
        ("1700000000250", datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)),
        ("20231114", datetime(2023, 11, 14, tzinfo=UTC)),
        ("2099-01-01T00:00:00Z", ARRIVAL),
        ("0001-01-01T00:00:00-14:00", None),
    ],
)
def test_times_are_read_in_utc(value: Any, read: datetime | None) -> None:  # noqa: ANN401 - any JSON
    """ISO 8601, seconds and milliseconds are read; nothing is said to have happened after it arrived."""
    if read is None:
        with pytest.raises(UnreadableDelivery):
            moment(value, ARRIVAL)
    else:
        assert moment(value, ARRIVAL) == read


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "17000000000000000",
        "1700000000.",
        1e300,
        -1,
        -1e300,
        True,
        [],
        {},
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_nonsense_is_unreadable(value: Any) -> None:  # noqa: ANN401 - any JSON
    """What is no time, and times before 1970 are unreadable."""
    with pytest.raises(UnreadableDelivery, match="the time is"):
        moment(value, ARRIVAL)
