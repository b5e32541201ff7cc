"""A search looks at the longest idle first, within bounds, page by page."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from worker.interactions import Interaction
from worker.lanes import Partition
from worker.sweep.search import PAGE, Found, Plan, search
from worker.sweep_settings import SweepRules, SweepSettings
from worker.sweeps import Cursor, Idle

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOME, OTHER = Partition("support", 0), Partition("support", 1)


class Index:
    """The index of activity, and how it was read."""

    def __init__(self, *shares: Iterable[Idle]) -> None:
        self.shares = [list(share) for share in shares]
        self.pages: list[tuple[int, str | None, int]] = []

    async def idle(
        self, partition: Partition, *, after: Cursor | None, until: datetime, limit: int
    ) -> tuple[Idle, ...]:
        """See `worker.ports.Sweeps.idle`."""
        self.pages.append((partition.index, after and after.external_id, limit))
        rows = [row for row in self.shares[partition.index] if row.since <= until]
        start = [row.external_id for row in rows].index(after.external_id) + 1 if after else 0
        return tuple(rows[start : start + limit])


def rows(count: int, *, channel: str = "mail", begin: int = 0) -> list[Idle]:
    """Return so many interactions, the first one idle for the longest."""
    found = []
    for number in range(begin, begin + count):
        since = NOW - timedelta(days=8) + timedelta(seconds=number)
        name = f"c-{number:05}"
        row = Interaction(service="support", external_id=name).opened(
            interaction_id=None, channel=channel, at=since
        )
        found.append(Idle(name, since, row, 0))
    return found


def look(
    index: Index,
    *,
    at_most: int = 100_000,
    cap: int = 10_000,
    start: Cursor | None = None,
    channels: dict[str, SweepRules] | None = None,
    **rules: Any,  # noqa: ANN401 - settings
) -> Found:
    """Search all shares of an index."""
    plan = Plan.at(SweepSettings.model_validate(rules), channels or {}, NOW)
    places = dict.fromkeys([HOME, OTHER][: len(index.shares)], start)
    return asyncio.run(search(index, places, plan, at_most=at_most, cap=cap))  # type: ignore[arg-type] # its one method


def test_everything_is_found_page_by_page() -> None:
    """In the order of idleness, in every partition."""
    index = Index(rows(PAGE + 1), rows(3, begin=5000))
    found = look(index)
    assert (found.looked, len(found.stops), found.partial) == (PAGE + 4, PAGE + 4, False)
    assert index.pages == [(0, None, PAGE), (0, f"c-{PAGE - 1:05}", PAGE), (1, None, PAGE)]
    assert found.bookmarks == {HOME: None, OTHER: None}


def test_over_the_cap_one_more_is_as_good_as_any() -> None:
    """Nothing beyond it is read or kept."""
    found = look(Index(rows(5 * PAGE)), cap=10)
    assert (len(found.stops), found.partial) == (11, True)
    assert found.looked == PAGE


def test_a_search_ends_after_so_many_and_says_where() -> None:
    """The next one goes on there."""
    index = Index(rows(100, channel="kept"))
    kept = {"kept": SweepRules(enabled=False)}
    found = look(index, at_most=60, channels=kept)
    assert (found.looked, found.partial) == (60, True)
    assert found.left == {"not swept: its channel says so": 60}
    (place,) = found.bookmarks.values()
    rest = look(index, at_most=60, channels=kept, start=place)
    assert (rest.looked, rest.partial, rest.bookmarks) == (40, False, {HOME: None})


def test_what_moves_while_it_is_looked_for_is_found_once() -> None:
    """The index may show it twice."""
    (row,) = rows(1)
    assert len(look(Index([row, row])).stops) == 1


def test_a_channel_has_rules_of_its_own() -> None:
    """The others have the service's."""
    index = Index([*rows(1), *rows(1, channel="chat", begin=1)])
    found = look(index, channels={"chat": SweepRules(idle_s=9 * 24 * 3600)})
    assert (list(found.stops), found.left) == (["c-00000"], {"not idle for long enough": 1})


def test_no_more_are_warned_at_once_than_may_be_stopped() -> None:
    """The others are warned by the next sweep."""
    found = look(Index(rows(5)), cap=3, warn_before_s=3600)
    assert (len(found.warnings), found.left) == (3, {"warned by a later sweep": 2})
    assert [each.idle.external_id for each in found.chosen] == ["c-00000", "c-00001", "c-00002"]
