"""`bridge send`."""

import json
from typing import TYPE_CHECKING

import pytest

from bridge.send import NotACommand, properties

if TYPE_CHECKING:
    from tests.bridge.conftest import Up


def test_pairs_win_over_json() -> None:
    """A value may hold an equals sign; a pair beats the same name in the JSON."""
    assert properties(["a=1=2", "b="], '{"a": 0, "c": [1]}') == {"a": "1=2", "b": "", "c": [1]}


@pytest.mark.parametrize(
    ("pairs", "text", "said"),
    [(["a"], None, "'a' is not NAME=VALUE"), ([], "[]", "must be a JSON object"), ([], "{", "is not JSON")],
)
def test_what_is_no_property_is_said(pairs: list[str], text: str | None, said: str) -> None:
    """Each mistake has its sentence."""
    with pytest.raises(NotACommand, match=said):
        properties(pairs, text)


@pytest.mark.story
def test_a_life_by_hand(live: "Up") -> None:
    """Create, update and stop by hand come through in order, and a key counts once."""
    key = ("--key", "cli:by-hand", "--json")
    create = ("send", "create", "support", "by-hand", "--data", "Subject=Test", *key)
    first, second = (json.loads(live.bridge(*create).stdout) for _ in range(2))
    assert (first["sequence"], first["duplicate"], first["idempotency_key"]) == (1, False, "cli:by-hand")
    assert second == {**first, "duplicate": True}
    told = live.bridge("send", "update", "support", "by-hand", "--changed", "Subject=Other", "--deleted", "X")
    assert told.stdout.startswith("accepted  as command 2 of by-hand\n"), told.stderr
    assert live.bridge("send", "stop", "support", "by-hand", "--reason-name", "DONE").returncode == 0
    view = live.shown("by-hand", sequence=3)
    assert view["interaction"]["state"] == "ended"
    assert view["interaction"]["channel"] == "cli"


@pytest.mark.story
def test_one_key_two_contents_is_refused(live: "Up") -> None:
    """The sentence on standard error says so, and the exit code is 1."""
    for value, code in (("1", 0), ("2", 1)):
        told = live.bridge("send", "create", "support", "clash", "--data", f"a={value}", "--key", "cli:clash")
        assert told.returncode == code
    assert told.stderr.startswith("bridge: idempotency key 'cli:clash' was accepted with another content")
    assert told.stderr.count("\n") == 1
