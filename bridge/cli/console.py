"""Commands about the console, and about what people did."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

import sys
from typing import Annotated

import typer

from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, Reason, Utc, choose


def console(
    context: typer.Context,
    *,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Run the operations console and the admin API only.

    Without [console.accounts] and [console.oidc] it serves this machine only, and everybody here may do
    everything.
    """
    choose(config, data)
    if context.invoked_subcommand is not None:
        return
    from bridge.console import run

    run()


def password(*, as_json: AsJson = False) -> None:
    """Ask for a password and print its hash, for `console.accounts.NAME.password`."""
    from bridge.password import ask
    from bridge.screen import Screen

    screen, made = Screen(as_json=as_json), ask()
    screen.out.print(made, markup=False)
    screen.tell({"hash": made})


def end_visits(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose, as `bridge audit-log` has it.")],
    *,
    reason: Reason,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Log somebody out of the console, in every browser.

    Whoever still has a password, or a provider that lets them in, can log in again: take that first.
    """
    choose(config, data)
    import asyncio

    from bridge.screen import Screen
    from bridge.visits import end

    asyncio.run(end(name, Screen(as_json=as_json), reason=reason))


def audit_log(
    *,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many.")] = 50,
    person: Annotated[
        str, typer.Option("--person", metavar="NAME", help="Only theirs.", show_default=False)
    ] = "",
    action: Annotated[
        str,
        typer.Option("--action", metavar="ACTION", help="Only these, as pause-service.", show_default=False),
    ] = "",
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Say what people did, newest first: at the console, by the admin API and in terminals."""
    choose(config, data)
    import asyncio

    from bridge import audit_log as log
    from bridge.moments import clock
    from bridge.screen import Screen

    found = asyncio.run(log.look_up(limit=limit, person=person, action=action))
    if as_json:
        sys.stdout.write(log.as_json(found) + "\n")
    else:
        log.print_deeds(found, Screen().out, clock(utc=utc))
