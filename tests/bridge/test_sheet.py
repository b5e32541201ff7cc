"""Sheets: facts, commands to paste, and foreign text."""

import io

from rich.console import Console

from bridge.sheet import columns, facts, plain
from console.shell import command


def test_what_says_nothing_is_left_out() -> None:
    """Facts without a value take no line, and values are never markup."""
    console = Console(file=io.StringIO(), width=80)
    console.print(facts([("a", "[red]1"), ("b", "")]))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().split() == ["a", "[red]1"]


def test_a_table_fits_the_width() -> None:
    """What is long is folded, what is fixed stays whole."""
    console = Console(file=io.StringIO(), width=40)
    table = columns("id", "text", fixed=("id",))
    table.add_row("0123456789ab", "word " * 30)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[1].startswith("0123456789ab ")


def test_a_command_can_be_pasted_whatever_a_stranger_chose() -> None:
    """External ids come from outside: none of them runs anything in a shell."""
    assert command("show", "support", "a; rm -rf /") == "`bridge show support 'a; rm -rf /'`"


def test_foreign_text_moves_no_cursor() -> None:
    """Escapes are written out; lines stay lines."""
    assert plain("a\x1b[2Jb\n\tc\u202ed\x9b") == "a\\x1b[2Jb\n\tc\\u202ed\\x9b"
