"""What a command may carry."""

from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from worker.commands import Create, Guard, Notify, Stop, Update
from worker.errors import UserDataRefused
from worker.notices import Notice, NoticeKind
from worker.userdata import within_rules

COMMON = {
    "service": "support",
    "external_id": "c-1",
    "idempotency_key": "story:1",
    "channel": "story",
    "received_at": datetime(2026, 11, 23, tzinfo=UTC),
}


def test_a_create_is_cut_to_the_budget() -> None:
    """The longest texts lose their ends; the rest stays."""
    command = Create(**COMMON, user_data={"Text": "x" * 5000, "Subject": "short"})
    within = within_rules(command, limit=1000)
    assert isinstance(within, Create)
    assert within.user_data["Subject"] == "short"
    assert str(within.user_data["Text"]).endswith("[…]")


def test_an_update_is_cut_as_a_whole() -> None:
    """Changed and added properties share one budget, and stay in their lists."""
    command = Update(**COMMON, changed={"A": "x" * 900}, added={"B": "y" * 900}, deleted=("C",))
    within = within_rules(command, limit=1000)
    assert isinstance(within, Update)
    assert len(str(within.changed["A"])) == len(str(within.added["B"])) < 500
    assert within.deleted == ("C",)


def test_a_notice_carries_nothing_to_cut() -> None:
    """Nor does it carry anybody's words."""
    notice = Notice(
        id="evt_1",
        kind=NoticeKind.DEAD,
        at=COMMON["received_at"],
        service="support",
        external_id="c-1",
        generation=1,
        reason="x" * 5000,
    )
    command = Notify(**COMMON, notice=notice)
    assert within_rules(command, limit=1000) is command


def test_a_stop_carries_nothing_to_cut() -> None:
    """It passes as it is."""
    command = Stop(**COMMON)
    assert within_rules(command, limit=1000) is command


@pytest.mark.parametrize("user_data", [{"Queue": 1}, {"bridge_key": "forged"}, {"interactionid": "x"}])
def test_reserved_names_are_refused(user_data: dict[str, JsonValue]) -> None:
    """The system's names and our own marks cannot be set from outside, by any door."""
    with pytest.raises(UserDataRefused, match="reserved"):
        within_rules(Create(**COMMON, user_data=user_data), limit=1000)
    with pytest.raises(UserDataRefused, match="reserved"):
        within_rules(Update(**COMMON, added=user_data), limit=1000)


def test_what_cannot_be_cut_is_refused() -> None:
    """Numbers have no end to lose."""
    with pytest.raises(UserDataRefused, match="over its budget"):
        within_rules(Create(**COMMON, user_data={"Numbers": list(range(900))}), limit=1000)


def test_only_a_sweep_may_mark_with_the_bridges_own_names() -> None:
    """The system's stay out of its reach, too."""
    guard = Guard(idle_since=COMMON["received_at"], sweep="s")
    warning = Update(**COMMON, changed={"bridge_stale_warning": "soon"}, guard=guard)
    assert within_rules(warning, limit=1000) == warning
    with pytest.raises(UserDataRefused):
        within_rules(Update(**COMMON, changed={"bridge_stale_warning": "soon"}), limit=1000)
    with pytest.raises(UserDataRefused):
        within_rules(Update(**COMMON, changed={"State": "soon"}, guard=guard), limit=1000)
