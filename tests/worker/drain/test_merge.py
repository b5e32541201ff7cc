"""Merging: many waiting updates, one call, the same end."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from worker.commands import Create, Guard, OnEnded, Stop, Update
from worker.drain.merge import merge, mergeable

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def update(
    key: str = "k",
    *,
    changed: Mapping[str, JsonValue] | None = None,
    added: Mapping[str, JsonValue] | None = None,
    deleted: Sequence[str] = (),
    on_ended: OnEnded = OnEnded.FOLLOW_UP,
) -> Update:
    """Return an update."""
    return Update(
        service="support",
        external_id="c-1",
        idempotency_key=f"story:{key}",
        channel="story",
        received_at=NOW,
        changed=changed or {},
        added=added or {},
        deleted=tuple(deleted),
        on_ended=on_ended,
    )


def applied(state: Mapping[str, JsonValue], update: Update) -> dict[str, JsonValue]:
    """Return the user data after an update, as the contract's default column has it."""
    after = {**state, **update.changed, **update.added}
    return {name: value for name, value in after.items() if name not in update.deleted}


names = st.sampled_from(["A", "B", "C", "D"])


@st.composite
def updates(draw: st.DrawFn) -> Update:
    """Draw an update that says at most one thing about each property."""
    verbs = draw(st.dictionaries(names, st.sampled_from(["changed", "added", "deleted"])))
    values = {name: draw(st.integers(0, 9)) for name in verbs}
    return update(
        changed={name: values[name] for name, verb in verbs.items() if verb == "changed"},
        added={name: values[name] for name, verb in verbs.items() if verb == "added"},
        deleted=[name for name, verb in verbs.items() if verb == "deleted"],
    )


@given(st.dictionaries(names, st.integers(0, 9)), st.lists(updates(), min_size=1, max_size=8))
def test_merged_and_unmerged_leave_the_same_user_data(
    state: dict[str, JsonValue], batch: list[Update]
) -> None:
    """Whatever stood there before, one merged call ends where the calls one by one end."""
    one_by_one = state
    for each in batch:
        one_by_one = applied(one_by_one, each)
    merged = merge(batch)
    assert applied(state, merged) == one_by_one
    assert merge([merged]) == merged, "what a merge says is not contradictory"


def test_the_first_lends_its_identity() -> None:
    """Time, trace, key and policies are the oldest command's: its age counts, and its order."""
    merged = merge([update("1", changed={"A": 1}), update("2", changed={"A": 2})])
    assert merged.idempotency_key == "story:1"
    assert merged.changed == {"A": 2}


def test_only_updates_that_agree_are_merged() -> None:
    """A create, a stop, an unreadable command, another policy or a contradiction ends the run."""
    first, second = update("1"), update("2")
    common = {"service": "support", "external_id": "c-1", "channel": "story", "received_at": NOW}
    create = Create(idempotency_key="story:c", **common)
    stop = Stop(idempotency_key="story:s", **common)
    torn = update("3", changed={"A": 1}, deleted=["A"])
    other = update("4", on_ended=OnEnded.DROP)
    assert mergeable([first, second]) == (first, second)
    for breaker in (create, stop, None, torn, other):
        assert mergeable([first, second, breaker, first]) == (first, second)
    assert mergeable([create, first]) == ()
    assert mergeable([torn, first]) == ()
    assert mergeable([]) == ()


def test_a_sweeps_warning_goes_alone() -> None:
    """It may come to nothing, and what stands beside it must not."""
    warning = update("w").model_copy(update={"guard": Guard(idle_since=NOW, sweep="s")})
    assert mergeable([update("a"), warning, update("b")]) == (update("a"),)
    assert mergeable([warning, update("b")]) == ()
