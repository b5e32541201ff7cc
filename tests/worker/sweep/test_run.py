"""A sweep stops what went stale, once, leaves everything else alone, and refuses what cannot be right."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from worker.commands import Update
from worker.errors import SettingsError, StoreUnavailable, UnknownService
from worker.interactions import EndedBy, State
from worker.sweeps import Result
from worker.upkeep_events import SweepDone, SweepRefused

if TYPE_CHECKING:
    from tests.worker.sweep.conftest import Place

Lay = Callable[..., "Place"]


def names(count: int) -> list[str]:
    """Return so many external ids."""
    return [f"c-{number:03}" for number in range(count)]


def test_what_is_stale_is_stopped_and_nothing_else(place: Lay) -> None:
    """The row says who ended it, the call says why, and what moved lately is not touched."""
    here = place(reason_system_name="stale", reason_description="idle for {idle}, sweep {sweep}")
    here.opens("old", "older")
    here.later(minutes=50)
    here.opens("young")
    here.later(minutes=10)
    record = here.does(here.sweeper.sweep("support"))
    assert (record.result, record.open, record.looked, record.stale, record.stops) == (
        Result.DONE,
        3,
        2,
        2,
        2,
    )
    here.delivers()
    assert set(here.remote.open) == {"young"}
    assert (here.row("old").state, here.row("old").ended_by) == (State.ENDED, EndedBy.SWEEP)
    (first, _) = here.remote.stops
    assert (first.reason_system_name, first.reason_description) == (
        "stale",
        f"idle for 1 h, sweep {record.id}",
    )
    (done,) = here.told(SweepDone)
    assert (done.stops, done.by, done.result) == (2, "person", "done")


def test_any_number_of_sweeps_makes_one_stop(place: Lay) -> None:
    """While a stop waits in its lane, as in an outage, the next sweeps leave it there."""
    here = place()
    here.opens("c-1")
    here.later(hours=2)
    records = [here.does(here.sweeper.sweep("support")) for _ in range(5)]
    assert [each.stops for each in records] == [1, 0, 0, 0, 0]
    assert records[1].left == {"commands wait in its lane": 1}
    assert len(here.view("c-1").pending) == 1
    here.delivers()
    assert here.remote.did("stop") == ["c-1"]


def test_two_sweeps_that_saw_the_same_make_one_stop(place: Lay) -> None:
    """The second one's commands get the first one's receipts: neither wording nor sweep is their content."""
    here = place()
    here.opens("c-1")
    here.later(hours=2)
    seen = here.store.idle

    async def late(*arguments: object, **options: object) -> object:
        page = await seen(*arguments, **options)
        if here.sweeps:
            await here.sweeps.pop().sweep("support")
        return page

    here.sweeps = [here.sweeper]
    here.store.idle = late
    record = here.does(here.sweeper.sweep("support"))
    assert (record.stops, record.repeated) == (0, 1)
    assert len(here.view("c-1").pending) == 1


def test_an_update_that_comes_first_wins(place: Lay) -> None:
    """Whatever is accepted between the look and the stop leaves the stop outside."""
    here = place()
    here.opens("c-1")
    here.later(hours=2)
    seen = here.store.idle

    async def late(*arguments: object, **options: object) -> object:
        page = await seen(*arguments, **options)
        await here.intake.submit([here.command(Update, "c-1", changed={"n": "1"})])
        return page

    here.store.idle = late
    record = here.does(here.sweeper.sweep("support"))
    assert (record.stops, record.overtaken) == (0, 1)
    here.delivers()
    assert here.remote.did("stop") == []


def test_an_update_that_comes_while_the_stop_waits_wins_too(place: Lay) -> None:
    """The stop ends without a call, the update is delivered, and the interaction counts as active again."""
    here = place()
    here.opens("c-1")
    here.later(hours=2)
    here.does(here.sweeper.sweep("support"))
    here.updates("c-1")
    here.delivers()
    assert here.remote.did("get") == here.remote.did("stop") == []
    assert here.notes("c-1")[1:] == ["overtaken: something newer waits", "updated"]
    assert here.does(here.sweeper.sweep("support")).stale == 0
    here.later(hours=2)
    here.does(here.sweeper.sweep("support"))
    here.delivers()
    assert here.remote.did("stop") == ["c-1"]


def test_a_warning_comes_once_and_the_stop_so_much_later(place: Lay) -> None:
    """The mark says from when on; activity in between begins a new period with a warning of its own."""
    here = place(idle_s=7200, warn_before_s=1800)
    here.opens("quiet", "moves")
    here.later(minutes=90)
    for _ in range(3):
        here.does(here.sweeper.sweep("support"))
        here.delivers()
    assert here.remote.open["quiet"]["bridge_stale_warning"] == "2026-11-23T14:00:00Z"
    assert sorted(here.remote.did("update")) == ["moves", "quiet"]
    here.updates("moves")
    here.delivers()
    here.later(minutes=30)
    record = here.does(here.sweeper.sweep("support"))
    assert (record.stops, record.warnings) == (1, 0)
    here.delivers()
    assert here.remote.did("stop") == ["quiet"]
    here.later(minutes=60)
    assert here.does(here.sweeper.sweep("support")).warnings == 1
    here.delivers()
    assert here.remote.open["moves"]["bridge_stale_warning"] == "2026-11-23T15:30:00Z"


def test_too_many_at_once_and_none_is_stopped(place: Lay) -> None:
    """Over the cap a sweep raises an alert, and the record says so; a person may know better."""
    here = place(cap_per_run=20, cap_share=1.0)
    here.opens(*names(21))
    here.later(hours=2)
    record = here.does(here.sweeper.sweep("support"))
    assert (record.result, record.reason) == (
        Result.REFUSED,
        "more than 20 interactions are stale (cap_per_run)",
    )
    (alert,) = here.told(SweepRefused)
    assert alert.reason == record.reason
    assert here.does(here.store.sweeps("support", limit=9)) == (record,)
    here.delivers()
    assert here.remote.stops == []
    assert here.does(here.sweeper.sweep("support", cap=21)).stops == 21


def test_the_cap_of_an_hour_counts_all_sweeps(place: Lay) -> None:
    """What would go beyond it is not begun; an hour later it may."""
    here = place(cap_per_hour=15, cap_share=1.0)
    here.opens(*names(10))
    here.later(hours=2)
    assert here.does(here.sweeper.sweep("support")).stops == 10
    here.delivers()
    here.opens(*(f"d-{name}" for name in names(10)))
    here.later(minutes=59)
    assert here.does(here.sweeper.sweep("support")).stale == 0
    here.later(minutes=1)
    here.does(here.store.spend("support", sweep="other", count=6, cap=15, now=here.now))
    record = here.does(here.sweeper.sweep("support"))
    assert record.result is Result.REFUSED
    assert record.reason.startswith("10 are stale and 6 were stopped within the last hour")
    here.later(hours=1)
    assert here.does(here.sweeper.sweep("support")).stops == 10


def test_a_clock_that_jumped_empties_nothing(place: Lay) -> None:
    """To it everything is stale: more than a share of all that is open is refused, however few that are."""
    here = place()
    here.opens(*names(30))
    here.later(days=300)
    record = here.does(here.sweeper.sweep("support"))
    assert record.reason == "30 of 30 open interactions are stale, more than a share of 0.5 (cap_share)"
    here.delivers()
    assert here.remote.stops == []


def test_a_clock_that_was_set_back_stops_nothing(place: Lay) -> None:
    """Activity in the future is no idleness."""
    here = place()
    here.opens("c-1")
    here.later(days=-30)
    assert here.does(here.sweeper.sweep("support")).stale == 0


def test_schedules_may_ring_often_and_each_turn_is_taken_once(place: Lay) -> None:
    """The very first one only looks; then each turn sweeps once; nothing to do leaves no record."""
    here = place(every_s=600)
    here.opens("c-1")
    here.later(hours=2)
    for _ in range(3):
        here.does(here.sweeper.take_turns())
    (first,) = here.does(here.store.sweeps("support", limit=9))
    assert (first.result, first.reason, first.by) == (Result.DRY, "the first one only looks", "schedule")
    here.later(minutes=10)
    for _ in range(3):
        here.does(here.sweeper.take_turns())
    last, _ = here.does(here.store.sweeps("support", limit=9))
    assert (last.result, last.stops) == (Result.DONE, 1)
    here.delivers()
    here.later(minutes=10)
    here.does(here.sweeper.take_turns())
    assert len(here.does(here.store.sweeps("support", limit=9))) == 2
    assert len(here.told(SweepDone)) == 3


@pytest.mark.parametrize("jump", [timedelta(days=2), timedelta(days=-2)])
def test_after_a_silence_a_sweep_only_looks(place: Lay, jump: timedelta) -> None:
    """After an outage of ours all seems idle, and so it does to a clock that jumped; the next one acts."""
    here = place(every_s=600)
    here.does(here.sweeper.take_turns())
    here.later(minutes=10)
    here.does(here.sweeper.take_turns())
    here.now += jump
    here.opens("c-1")
    here.later(hours=2)
    for _ in range(4):  # a clock that is behind gets no turn before it was so for a while
        here.does(here.sweeper.take_turns())
        here.later(minutes=10)
    *_, looked = here.does(here.store.sweeps("support", limit=9))
    assert (looked.result, looked.stale, looked.stops) == (Result.DRY, 1, 0)
    assert "only looks, because the one before it was" in looked.reason
    assert here.does(here.store.sweeps("support", limit=1))[0].stops == 1


def test_a_policy_that_only_looks_writes_down_what_it_would_do(place: Lay) -> None:
    """With the names."""
    here = place(dry_run=True, every_s=600)
    here.does(here.sweeper.take_turns())
    here.opens("c-1")
    here.later(hours=2)
    here.does(here.sweeper.take_turns())
    (record,) = here.does(here.store.sweeps("support", limit=9))
    assert (record.result, record.reason) == (Result.DRY, "dry_run is set")
    assert [(each.external_id, each.what, each.why) for each in record.named] == [
        ("c-1", "stop", "idle for 2 h")
    ]
    assert here.view("c-1").pending == ()


def test_looking_changes_nothing(place: Lay) -> None:
    """Neither lanes nor history nor the caps; what it would choose is named, and what would refuse it."""
    here = place(cap_per_run=3, cap_share=1.0)
    here.opens(*names(3))
    here.later(hours=2)
    seen = here.does(here.sweeper.look("support"))
    assert (seen.result, seen.stale, len(seen.named)) == (Result.DRY, 3, 3)
    assert here.does(here.store.sweeps("support", limit=9)) == ()
    assert all(here.view(name).pending == () for name in names(3))
    here.opens("one-more")
    here.later(hours=2)
    assert here.does(here.sweeper.look("support")).result is Result.REFUSED


def test_a_pause_keeps_sweeps_and_their_waiting_stops_from_acting(place: Lay) -> None:
    """Nothing is stopped, whoever asks; after it, what was left alone is swept again by a stop of its own."""
    here = place(every_s=600)
    here.opens("c-1")
    here.later(hours=2)
    here.does(here.sweeper.sweep("support"))
    here.does(here.store.pause_sweeps("support", reason="wrong rule"))
    here.delivers()
    assert here.remote.did("stop") == []
    assert here.notes("c-1")[-1] == "left: sweeps are paused"
    refused = here.does(here.sweeper.sweep("support"))
    assert (refused.result, refused.reason) == (Result.REFUSED, "paused: wrong rule")
    here.does(here.sweeper.take_turns())
    assert here.does(here.store.last_swept("support")) is None
    here.does(here.store.resume_sweeps("support"))
    assert here.does(here.sweeper.sweep("support")).left == {"left alone a short while ago": 1}
    here.later(hours=1)
    here.does(here.sweeper.sweep("support"))
    here.delivers()
    assert here.remote.did("stop") == ["c-1"]


def test_a_search_in_parts_goes_on_where_it_ended(place: Lay) -> None:
    """What one sweep has no time for is for the schedule's next one; a person begins at the beginning."""
    here = place(every_s=600, look_at_most=1000, channels={"kept": {"enabled": False}})
    here.opens(*names(1000), channel="kept")
    here.later(minutes=1)
    here.opens("stale")
    here.later(hours=2)
    here.does(here.sweeper.take_turns())
    assert here.does(here.sweeper.sweep("support")).partial
    assert here.remote.did("stop") == []
    here.later(minutes=10)
    here.does(here.sweeper.take_turns())
    assert here.does(here.store.sweeps("support", limit=1))[0].stops == 1
    here.delivers()
    assert here.remote.did("stop") == ["stale"]
    assert len(here.remote.open) == 1000


def test_a_store_that_is_away_is_said_and_the_next_turn_does_the_rest(place: Lay) -> None:
    """A sweep that breaks off in the middle is begun again: what is stopped already is not stopped twice."""
    here = place(every_s=600)
    here.does(here.sweeper.take_turns())
    here.opens("c-1", "c-2")
    here.later(hours=2)
    append, calls = here.store.append, []

    async def breaks(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise StoreUnavailable("the store does not answer: gone")
        return await append(*arguments, **options)

    here.does(here.store.mark_swept("support", now=here.now))
    here.store.append = breaks
    here.does(here.sweeper.take_turns())
    assert [each.reason for each in here.told(SweepRefused)] == ["the store does not answer: gone"]
    here.later(minutes=10)
    here.does(here.sweeper.take_turns())
    here.delivers()
    assert sorted(here.remote.did("stop")) == ["c-1", "c-2"]


def test_what_is_not_there_to_sweep_is_one_sentence(place: Lay) -> None:
    """An unknown service, and one without rules."""
    here = place()
    with pytest.raises(UnknownService, match="no service 'nope'"):
        here.does(here.sweeper.sweep("nope"))
    service = here.settings.services["support"].model_copy(update={"sweep": None})
    here.settings = here.settings.model_copy(update={"services": {"support": service}})
    with pytest.raises(SettingsError, match=r"services\.support\.sweep is not set"):
        here.does(here.sweeper.look("support"))
    here.does(here.sweeper.take_turns())
    assert here.told(SweepDone) == []
