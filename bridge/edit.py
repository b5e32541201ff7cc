"""`bridge dead edit`: a dead command, mended and brought back."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bridge.operator import operator
from bridge.screen import Screen
from bridge.session import session
from bridge.sheet import columns, plain
from console.actions import Actions
from console.letters import Edit
from console.mending import told


async def edit(
    service: str, letter_id: str, sets: Sequence[str], unsets: Sequence[str], screen: Screen, *, dry_run: bool
) -> None:
    """Mend a dead command and replay it. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        actions = Actions(bridge)
        foreseen = await actions.foresee_edit(service, letter_id, sets=sets, unsets=unsets)
        _print_difference(foreseen, screen.out)
        if dry_run:
            screen.out.print("a dry run: nothing was changed")
            return
        done = await actions.edit(operator(), service, letter_id, sets=sets, unsets=unsets)
    screen.out.print(Text(f"replayed as command {done.sequence} of {done.after.external_id}", style="green"))


def _print_difference(edit: Edit, console: Console) -> None:
    """Write every property that changes, as it was and as it will be."""
    table = columns("what", "before", "after")
    old, new = told(edit.before), told(edit.after)
    for path in dict.fromkeys([*old, *new]):
        before, after = plain(old.get(path, "—")), plain(new.get(path, "—"))
        if before != after:
            table.add_row(Text(plain(path)), Text(before, style="red"), Text(after, style="green"))
    console.print(table)
