"""Which dead letters are meant."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from console.choice import TooMuch, require_choice
from worker.commands import Create
from worker.deadletters import Filter

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator


def test_they_are_counted_by_cause_and_channel(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """A line for each group, and how to see more."""
    operator.buries(a_create("c-1"), a_create("c-2"))
    operator.buries(a_create("c-3"), cause="exhausted")
    operator.keeps(b"{}")
    header, *groups, _, hint = operator.reads("dead", "list", "support", "--utc")
    assert header == "cause channel letters oldest newest"
    counts = [row.split()[:3] for row in groups if row.split()[0] in ("rejected", "exhausted", "unreadable")]
    assert counts == [["exhausted", "mail", "1"], ["rejected", "mail", "2"], ["unreadable", "tickets", "1"]]
    assert hint == "`bridge dead list support --each` lists them one by one"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ((), {"c-1", "c-2", ""}),
        (("--cause", "rejected"), {"c-1", "c-2"}),
        (("--channel", "tickets"), {""}),
        (("--external-id", "c-2"), {"c-2"}),
        (("--since", "1h"), {"c-1", "c-2", ""}),
        (("--since", "2100-01-01"), set()),
    ],
)
def test_filters_narrow_them_down(
    operator: "Operator", a_create: Callable[..., Create], filters: tuple[str, ...], found: set[str]
) -> None:
    """What is given must fit."""
    operator.buries(a_create("c-1"), a_create("c-2"))
    operator.keeps(b"{}")
    told = json.loads(operator.types("dead", "list", "support", "--json", *filters).stdout)
    assert {each["external_id"] for each in told} == found


def test_one_by_one_they_show_enough_of_the_id(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """The beginning of an id that a row shows is an id for every other command."""
    (letter_id,) = operator.buries(a_create())
    rows = operator.types("dead", "list", "support", "--each").stdout.splitlines()
    shown = rows[1].split()[0]
    assert (len(shown), letter_id.startswith(shown)) == (12, True)
    assert operator.reads("dead", "show", "support", shown)[0] == f"dead letter {letter_id}"


def test_none_is_said_plainly(operator: "Operator") -> None:
    """And what is no letter, or several, is a sentence."""
    assert operator.reads("dead", "list", "support") == ["no dead letter of support fits"]
    assert operator.refused("dead", "show", "support", "abcdef").startswith(
        "service 'support' has no dead letter 'abcdef': "
    )
    operator.keeps(b"1", "abcdef1")
    operator.keeps(b"2", "abcdef2")
    assert operator.refused("dead", "show", "support", "abcdef").startswith("2 dead letters have an id")


def test_all_must_be_said() -> None:
    """Nobody replays everything by leaving something out."""
    with pytest.raises(TooMuch, match="or say --all"):
        require_choice(Filter(), everything=False, verb="replay")
    require_choice(Filter(), everything=True, verb="replay")
    require_choice(Filter(cause="rejected"), everything=False, verb="replay")
