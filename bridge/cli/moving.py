"""Commands that move a store."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, choose

File = Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines; docs/operations.md describes them.")]


def export(file: File, *, as_json: AsJson = False, config: Config = None, data: Data = DEFAULT_DATA) -> None:
    """Write everything the store holds into a file.

    Nothing else may be connected to the store, or every service must be paused and nothing accepted
    meanwhile; the export is dropped otherwise. Where no bridge runs, the data directory's own Redis is
    started for it.
    """
    choose(config, data)
    import asyncio

    from bridge import moving
    from bridge.asleep import store_of
    from bridge.screen import Screen

    screen = Screen(as_json=as_json)
    with store_of(data):
        moving.tell_exported(asyncio.run(moving.export(file, screen)), file, screen)


def import_(file: File, *, as_json: AsJson = False, config: Config = None, data: Data = DEFAULT_DATA) -> None:
    """Read such a file into an empty store.

    What expired meanwhile is left out. Services that were paused stay so: resume them when the old store is
    gone.
    """
    choose(config, data)
    import asyncio

    from bridge import moving
    from bridge.asleep import store_of
    from bridge.screen import Screen

    screen = Screen(as_json=as_json)
    with store_of(data):
        moving.tell_imported(asyncio.run(moving.import_(file, screen)), screen)
