"""The sheet: facts in columns, and foreign text that cannot move the cursor."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text


def facts(rows: Iterable[tuple[str, str]]) -> Table:
    """Return names and values side by side, without those that say nothing."""
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        if value:
            table.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
    return table


def columns(*names: str, fixed: Iterable[str] = ()) -> Table:
    """Return an empty table; what is `fixed` is never broken, the rest is folded to fit."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    whole = set(fixed)
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=name in whole)
    return table


def plain(text: str) -> str:
    """Return the text with everything a terminal would obey written out; lines and tabs stay."""
    return "".join(
        each if each.isprintable() or each in "\n\t" else each.encode("unicode_escape").decode()
        for each in text
    )
