"""Commands about the events that subscribers are told."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

from typing import Annotated

import typer

from bridge.cli import completion
from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, choose


def send_test(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The subscription, as in the settings.",
            autocompletion=completion.subscriptions,
        ),
    ],
    *,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Post a test event (`bridge.test`) to a subscription, signed as all are, and tell what it answers.

    Exit code 1 when it was not taken. To `status`, `dead`, `show`, `pause`, `resume` and `retry-now` the
    subscription is the service `hook.NAME`.
    """
    choose(config, data)
    import asyncio

    from bridge.screen import Screen
    from bridge.send_test import send_test as run

    raise typer.Exit(0 if asyncio.run(run(name, Screen(as_json=as_json))) else 1)
