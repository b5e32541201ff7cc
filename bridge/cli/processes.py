"""Commands that run something: the whole bridge, the demonstration, one process of it."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, choose

_HIGHEST = 65535
Heartbeat = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Touch this file every few seconds, for as long as the process gets anything done.",
    ),
]


def up(
    *,
    config: Config = None,
    data: Data = DEFAULT_DATA,
    http: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=_HIGHEST,
            metavar="PORT",
            help="The port for webhooks; 0 for a free one.",
            show_default="as set, else 8080",
        ),
    ] = None,
    smtp: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=_HIGHEST,
            metavar="PORT",
            help="The port for mail; 0 for a free one.",
            show_default="as set, else 8025",
        ),
    ] = None,
    sandbox: Annotated[
        int,
        typer.Option(min=0, max=_HIGHEST, metavar="PORT", help="The sandbox's port; 0 for a free one."),
    ] = 8099,
    console: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=_HIGHEST,
            metavar="PORT",
            help="The console's port; 0 for a free one.",
            show_default="as set, else 8090",
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, metavar="N", help="How many worker processes.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Run the whole bridge on this machine, in the foreground, until Ctrl-C.

    What the settings leave out is brought along: a private Redis where store.url or broker.url is empty, and
    the sandbox for each service whose base_url has the host sandbox.invalid. Without any settings, the data
    directory gets a file to begin with. Started again on the same data, the bridge goes on where it ended.
    """
    from bridge.screen import Screen
    from bridge.stack import Wishes
    from bridge.up import up as run

    choose(config, data)
    ports = {"http": http, "smtp": smtp, "console": console}
    wishes = Wishes(config=config, data=data, **ports, sandbox=sandbox, workers=workers)
    run(wishes, Screen(), as_json=as_json)


def demo(*, as_json: AsJson = False) -> None:
    """Show the bridge at work: start it aside, send it webhooks and mails, check what became of them.

    Uses free ports and a directory of its own that is removed at the end. Exit code 0 says that everything
    turned out as it should.
    """
    from bridge.demo import demo as run
    from bridge.screen import Screen

    sys.exit(0 if run(Screen(as_json=as_json)) else 1)


def intake(
    *,
    doors: Annotated[
        str,
        typer.Option(
            "--doors",
            metavar="NAMES",
            help="Only these: http, smtp, imap, with commas between.",
            show_default=False,
        ),
    ] = "",
    config: Config = None,
    data: Data = DEFAULT_DATA,
    ready_file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Make this file once all doors are open.")
    ] = None,
) -> None:
    """Run the doors only: the server for webhooks, those for mail, and the mailboxes, in one process.

    Any number of such processes may run: a mailbox is read by one of them at a time.
    """
    choose(config, data)
    from bridge.intake import run
    from bridge.mail_doors import DOORS

    wanted = {each.strip() for each in doors.split(",")} if doors else set(DOORS)
    if unknown := wanted.difference(DOORS):
        raise typer.BadParameter(
            f"{', '.join(sorted(unknown))}: there is {', '.join(DOORS)}", param_hint="--doors"
        )
    run(frozenset(each for each in DOORS if each in wanted), ready_file=ready_file)


def worker(
    context: typer.Context,
    *,
    config: Config = None,
    ready_file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Make this file once the worker takes work.")
    ] = None,
    heartbeat_file: Heartbeat = None,
) -> None:
    """Run a worker only: `celery worker` with the flags that suit the bridge.

    Other arguments go to Celery.
    """
    choose(config)
    from bridge.celery_process import run_worker

    run_worker(context.args, ready_file=ready_file, heartbeat_file=heartbeat_file)


def beat(context: typer.Context, *, config: Config = None, heartbeat_file: Heartbeat = None) -> None:
    """Run the beat only: `celery beat`, which has what is due looked at.

    Other arguments go to Celery.
    """
    choose(config)
    from bridge.celery_process import run_beat

    run_beat(context.args, heartbeat_file=heartbeat_file)


def sandbox(context: typer.Context) -> None:
    """Run the sandbox only: a stand-in for the Open Media API. All arguments are its own."""
    os.execv(sys.executable, [sys.executable, "-m", "sandbox", *context.args])  # noqa: S606 - our own module
