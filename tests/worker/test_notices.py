"""A notice says which interaction, what happened and why, and nothing that a customer wrote."""

from datetime import UTC, datetime

from worker.notices import Notice, NoticeKind

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BARE = Notice(id="evt_1", kind=NoticeKind.STOPPED, at=NOW, service="support", external_id="c-1", generation=1)


def test_which_interaction_is_always_said() -> None:
    """Also where nothing is known of it: a receiver finds the same fields in every event."""
    assert BARE.told == {
        "service": "support",
        "external_id": "c-1",
        "interaction_id": None,
        "parent_interaction_id": None,
        "generation": 1,
        "sequence": 0,
    }


def test_what_applies_is_said_and_nothing_else() -> None:
    """An end has who ended it, a burial its letter."""
    ended = BARE.model_copy(update={"ended_by": "sweep", "channel": "sweep", "opened_by": "mail"})
    assert {name: ended.told[name] for name in ended.told.keys() - BARE.told.keys()} == {
        "ended_by": "sweep",
        "channel": "sweep",
        "opened_by": "mail",
    }


def test_events_have_the_names_that_receivers_know() -> None:
    """They are a promise to every receiver."""
    assert {kind.value for kind in NoticeKind} == {
        "interaction.created",
        "interaction.followed-up",
        "interaction.updated",
        "interaction.stopped",
        "command.dead",
    }
