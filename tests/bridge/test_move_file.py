"""The file in which a store moves says when it was cut, changed, or never was one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.move_file import NoExport, Writer, examine, portions
from worker.store.dump import Portion
from worker.store.format import Stamp

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PORTIONS = [
    Portion(b"bridge:a", "string", [b"\xff\x00 no text"]),
    Portion(b"bridge:b", "zset", ((b"one", 1.5), (b"two", 2.0)), HOUR),
    Portion(b"bridge:b", "zset", ((b"three", 3.0),), HOUR, more=True),
    Portion(b"bridge:c", "list", (b"1", b"2")),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file as it is written."""
    path = tmp_path / "moved.jsonl"
    with Writer(path, Stamp(1, {"support": 2}), at=NOW) as file:
        for portion in PORTIONS:
            file.add(portion, now=NOW)
    return path


def test_what_was_written_is_read(path: Path) -> None:
    """With what it is of, and with the rest of its time to live."""
    contents = examine(path)
    assert (contents.stamp, contents.at, contents.lines) == (Stamp(1, {"support": 2}), NOW, 4)
    read = list(portions(path, now=NOW + HOUR / 2))
    assert [(each.key, list(each.items), each.more) for each in read] == [
        (each.key, list(each.items), each.more) for each in PORTIONS
    ]
    assert [each.lives for each in read] == [None, HOUR / 2, HOUR / 2, None]


def test_what_has_expired_is_left_out(path: Path) -> None:
    """All of it."""
    assert [each.key for each in portions(path, now=NOW + HOUR)] == [b"bridge:a", b"bridge:c"]


def test_what_is_not_whole_is_no_file(tmp_path: Path) -> None:
    """Whatever breaks the writing leaves neither a file nor a part of one."""
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - something that breaks half-way
    with (
        pytest.raises(TypeError),
        Writer(tmp_path / "moved.jsonl", Stamp(1, {}), at=NOW) as file,
    ):
        file.add(PORTIONS[1], now=naive)
    assert list(tmp_path.iterdir()) == []


def lines(path: Path) -> list[str]:
    """Return its lines."""
    return path.read_text().splitlines(keepends=True)


@pytest.mark.parametrize("number", range(6))
def test_a_missing_line_is_noticed(path: Path, number: int) -> None:
    """Whichever it is."""
    left = [line for place, line in enumerate(lines(path)) if place != number]
    path.write_text("".join(left))
    with pytest.raises(NoExport):
        examine(path)


def test_a_changed_letter_is_noticed(path: Path) -> None:
    """Even where it stays JSON."""
    path.write_text(path.read_text().replace("three", "threw"))
    with pytest.raises(NoExport, match="cut or changed after it was written"):
        examine(path)


@pytest.mark.parametrize("text", ["", "hello\n", "[]\n", '{"bridge":"other"}\n', "\x00\xff\n"])
def test_anything_else_is_no_export(tmp_path: Path, text: str) -> None:
    """One sentence says so."""
    path = tmp_path / "anything"
    path.write_text(text)
    with pytest.raises(NoExport, match="is not an export of a bridge"):
        examine(path)


def test_a_newer_form_is_named(path: Path) -> None:
    """It is not guessed at."""
    path.write_text(path.read_text().replace('"version":1', '"version":2'))
    with pytest.raises(NoExport, match="has the form 2, and this bridge reads 1"):
        examine(path)
