"""`bridge dead edit`: a dead command, mended and brought back."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from bridge.operator import operator
from bridge.screen import Screen
from bridge.session import session
from bridge.sheet import columns, plain
from console.actions import Actions
from console.letters import Edit
from console.mending import told

#: What each property was and will be.
_Changes = Mapping[str, tuple[str | None, str | None]]


async def edit(
    service: str, letter_id: str, sets: Sequence[str], unsets: Sequence[str], screen: Screen, *, dry_run: bool
) -> None:
    """Mend a dead command and replay it. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        actions = Actions(bridge)
        foreseen = await actions.foresee_edit(service, letter_id, sets=sets, unsets=unsets)
        changes = _difference(foreseen)
        _print_difference(changes, screen.out)
        facts = {"letter": foreseen.letter_id, "changes": changes}
        if dry_run:
            screen.out.print("a dry run: nothing was changed")
            screen.tell({**facts, "sequence": None})
            return
        done = await actions.edit(operator(), service, letter_id, sets=sets, unsets=unsets)
    screen.out.print(Text(f"replayed as command {done.sequence} of {done.after.external_id}", style="green"))
    screen.tell({**facts, "sequence": done.sequence})


def _print_difference(changes: _Changes, console: Console) -> None:
    """Write every property that changes, as it was and as it will be."""
    table = columns("what", "before", "after")
    for path, (old, new) in changes.items():
        before, after = ("—" if each is None else plain(each) for each in (old, new))
        table.add_row(Text(plain(path)), Text(before, style="red"), Text(after, style="green"))
    console.print(table)


def _difference(edit: Edit) -> _Changes:
    """Return every property that changes, as JSON before and after; None where it is not there."""
    old, new = told(edit.before), told(edit.after)
    paths = dict.fromkeys([*old, *new])
    return {path: (old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)}
