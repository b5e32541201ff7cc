"""`bridge show --key`."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bridge.key import Told, print_key
from bridge.moments import clock
from worker.commands import Create
from worker.lanes import Receipt, Seen, partition_of

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator

_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_RECEIPT = Receipt(id="r1", service="support", external_id="c-1", sequence=3, position=0, accepted_at=_AT)


@pytest.mark.parametrize(
    ("later", "is_open", "remembered"),
    [
        (0, True, "until 2026-11-23 13:00:00 UTC, and for as long as the conversation is open"),
        (2, True, "for as long as the conversation is open; its window ended 2026-11-23 13:00:00 UTC"),
        (2, False, "no longer, since 2026-11-23 13:00:00 UTC: it would be accepted as new"),
    ],
)
def test_it_says_until_when_a_duplicate_would_be_known(later: int, *, is_open: bool, remembered: str) -> None:
    """By the window, and beyond it while the conversation is open."""
    seen = Seen(_RECEIPT, "00ff", _AT + timedelta(hours=1))
    console = Console(file=io.StringIO(), width=200)
    print_key(Told("mail:1", "c-1", seen, is_open, _AT + timedelta(hours=later)), console, clock(utc=True))
    assert isinstance(console.file, io.StringIO)
    lines = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
    assert lines == [
        "key mail:1",
        "conversation c-1",
        "first receipt r1",
        "command 3",
        "fingerprint 00ff",
        "accepted 2026-11-23 12:00:00 UTC",
        f"remembered {remembered}",
    ]


def test_a_key_is_looked_up_by_hand(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """One that was seen, and one that was not."""
    command = a_create()
    operator.accepts(command)
    lines = operator.reads("show", "support", "c-1", "--key", "mail:c-1")
    assert f"fingerprint {command.fingerprint}" in lines
    (line,) = operator.reads("show", "support", "c-1", "--key", "mail:2")
    assert line.startswith("mail:2 was not seen in this conversation")
    assert operator.reads("show", "support", "c-1", "--key", "mail:2", "--json") == ["null"]


def test_a_key_of_another_conversation_is_shown_as_such(
    operator: "Operator", a_create: Callable[..., Create]
) -> None:
    """What a sender did wrong can be read: it used the key for something else before."""
    home = partition_of("support", "c-1", 2)
    other = next(
        name for name in map("c-{}".format, range(2, 99)) if partition_of("support", name, 2) == home
    )
    operator.accepts(a_create("c-1"))
    lines = operator.reads("show", "support", other, "--key", "mail:c-1")
    assert f"conversation c-1, and not {other}: there the key would be a conflict" in lines
