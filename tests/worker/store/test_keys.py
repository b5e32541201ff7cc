"""All keys of a partition live in one Redis Cluster slot, and no two are the same."""

import pytest

from worker.lanes import Partition
from worker.store.keys import Keys

KEYS = Keys.of(Partition("support", 3))
EVERY = [
    KEYS.due,
    KEYS.active,
    KEYS.gate,
    KEYS.bell,
    KEYS.dead,
    KEYS.tally,
    KEYS.lane("c-1"),
    KEYS.row("c-1"),
    KEYS.history("c-1"),
    KEYS.seen("c-1"),
    KEYS.told("c-1"),
    KEYS.letter("c-1"),
    KEYS.token("c-1"),
    KEYS.out,
    KEYS.keys("c-1"),
    KEYS.pace,
    KEYS.paces,
    KEYS.pace_of("mail"),
    KEYS.recent,
    KEYS.clue("id:1"),
]


def hash_tag(key: str) -> str:
    """Return what Redis Cluster hashes: what stands between the first brace and the next closing one."""
    return key[key.index("{") + 1 : key.index("}")]


def test_every_key_has_the_partitions_hash_tag() -> None:
    """A script touches one slot."""
    assert {hash_tag(key) for key in EVERY} == {"support/3"}
    assert all(key.startswith(KEYS.prefix) for key in EVERY)


@pytest.mark.parametrize("external_id", ["{other}", "}{", "a:b", "due"])
def test_an_external_id_cannot_move_a_key(external_id: str) -> None:
    """Braces in it come after the tag, and colons cannot make it another kind of key."""
    for key in (
        KEYS.lane(external_id),
        KEYS.row(external_id),
        KEYS.history(external_id),
        KEYS.keys(external_id),
    ):
        assert hash_tag(key) == "support/3"
        assert key not in EVERY


def test_no_two_keys_are_the_same() -> None:
    """Neither within a partition nor across partitions and services."""
    others = [Keys.of(Partition("support", 4)).due, Keys.of(Partition("sales", 3)).due]
    assert len({*EVERY, *others}) == len(EVERY) + 2
