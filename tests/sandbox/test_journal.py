"""Effects on disk."""

from pathlib import Path

from sandbox.interaction import Interaction
from sandbox.journal import Journal

ONE = Interaction(
    id="0A",
    service="support",
    external_id="ü\ud800",
    parent_id=None,
    received_at="",
    user_data={"k": [1]},
    created_at="",
)


def test_effects_come_back_in_order(tmp_path: Path) -> None:
    """What was appended is there at once, and after another start."""
    path = tmp_path / "new" / "journal.jsonl"
    journal = Journal(path)
    journal.append(ONE)
    journal.append(ONE.ended("later", "stop", {}))
    expected = [ONE, ONE.ended("later", "stop", {})]
    assert list(journal.replay()) == expected
    journal.close()
    again = Journal(path)
    assert list(again.replay()) == expected
    again.close()


def test_a_cut_last_line_is_dropped(tmp_path: Path) -> None:
    """Half a line at the end is forgotten, and what follows is not glued to it."""
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append(ONE)
    journal.close()
    with path.open("a") as file:
        file.write('{"id": "0B", "serv')
    again = Journal(path)
    again.append(ONE)
    assert list(again.replay()) == [ONE, ONE]
    again.close()
