"""Commands about mail channels."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

import sys
from typing import Annotated

import typer

from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, Utc, choose

Channel = Annotated[str, typer.Argument(metavar="CHANNEL", help="The mail channel, as in the settings.")]


def ignored(
    channel: Channel,
    *,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="So many, the newest.")] = 50,
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """List the mail that a channel let go: when, what it is, from which domain, its Message-ID and why.

    The last 1,000 of a channel are remembered. `bridge status` counts all of them.
    """
    choose(config, data)
    import asyncio

    from bridge import ignored as looking
    from bridge.moments import clock
    from bridge.screen import Screen

    notes = asyncio.run(looking.ignored(channel, limit=limit))
    if as_json:
        sys.stdout.write(looking.as_json(notes) + "\n")
    else:
        looking.print_ignored(notes, channel, Screen().out, clock(utc=utc))
