"""Commands for sweeps: what is stale, what was stopped, and no more of it."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

import sys
from typing import Annotated

import typer

from bridge.cli import completion
from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, Reason, Service, Utc, choose

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be stopped, and why.")]
Swept = Annotated[
    str,
    typer.Argument(
        metavar="[SERVICE]",
        help="One service only; otherwise all that are swept.",
        show_default=False,
        autocompletion=completion.services,
    ),
]


def sweep(
    context: typer.Context,
    *,
    dry_run: DryRun = False,
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Stop interactions that went stale, or see what would be stopped.

    `bridge sweep --dry-run` looks at all services that are swept, and changes nothing.
    """
    if context.invoked_subcommand is not None:
        return
    if not dry_run:
        sys.stdout.write(context.get_help() + "\n")
        raise typer.Exit(2)
    choose(config, data)
    _look("", utc=utc, as_json=as_json)


def run(
    service: Service,
    *,
    dry_run: DryRun = False,
    cap: Annotated[
        int | None,
        typer.Option(
            "--cap",
            metavar="N",
            min=1,
            help="How many may be stopped, where the caps of the settings do not suit.",
            show_default=False,
        ),
    ] = None,
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Sweep a service now. Exit code 1 when a guard stood in the way and nothing was stopped."""
    choose(config, data)
    if dry_run:
        _look(service, utc=utc, as_json=as_json)
        return
    import asyncio

    from bridge import sweep as sweeping
    from bridge.screen import Screen
    from worker.sweeps import Result

    done = asyncio.run(sweeping.run(service, Screen(), cap=cap))
    if as_json:
        sys.stdout.write(sweeping.as_json([done]) + "\n")
    else:
        sweeping.print_run(done, Screen())
    raise typer.Exit(1 if done.result is Result.REFUSED else 0)


def _look(service: str, *, utc: bool, as_json: bool) -> None:
    import asyncio

    from bridge import sweep as sweeping
    from bridge.moments import clock
    from bridge.screen import Screen

    seen = asyncio.run(sweeping.look(service, Screen()))
    if as_json:
        sys.stdout.write(sweeping.as_json(seen) + "\n")
    else:
        sweeping.print_look(seen, Screen(), clock(utc=utc))


def history(
    service: Swept = "",
    *,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many.")] = 20,
    each: Annotated[
        bool, typer.Option("--each", help="Name the interactions, the first 100 of each.")
    ] = False,
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Say what the last sweeps did; those of the schedule that found nothing to do leave no trace."""
    choose(config, data)
    import asyncio

    from bridge import sweep as sweeping
    from bridge.moments import clock
    from bridge.screen import Screen

    sweeps, paused = asyncio.run(sweeping.history(service, limit=limit))
    if as_json:
        sys.stdout.write(sweeping.as_json(sweeps) + "\n")
    else:
        sweeping.print_history(sweeps, paused, Screen(), clock(utc=utc), each=each)


def pause(
    service: Service,
    *,
    reason: Reason,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Let no sweep of a service stop anything until it is resumed, not even what waits to be stopped."""
    choose(config, data)
    import asyncio

    from bridge.screen import Screen
    from bridge.sweep import pause as run_pause

    asyncio.run(run_pause(service, Screen(as_json=as_json), reason=reason))


def resume(
    service: Service, *, as_json: AsJson = False, config: Config = None, data: Data = DEFAULT_DATA
) -> None:
    """Let the sweeps of a service go on."""
    choose(config, data)
    import asyncio

    from bridge.screen import Screen
    from bridge.sweep import resume as run_resume

    asyncio.run(run_resume(service, Screen(as_json=as_json)))
