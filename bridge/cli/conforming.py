"""The command that holds our assumptions against a real endpoint."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.completion import services
from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, choose


def conform(
    *,
    service: Annotated[
        str, typer.Option("--service", metavar="NAME", help="Whose endpoint.", autocompletion=services)
    ],
    other: Annotated[
        str,
        typer.Option(
            "--other",
            metavar="NAME",
            help="A second service there, to see whether external ids collide across services.",
            show_default=False,
        ),
    ] = "",
    profile: Annotated[
        Path | None,
        typer.Option("--profile", metavar="FILE", help="Write what was found for `sandbox --config FILE`."),
    ] = None,
    sure: Annotated[
        bool, typer.Option("--yes", help="Open the interactions; otherwise say it only.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Ask a real endpoint what the vendor's reference leaves open; what it opens is marked and stopped again.

    An assumption that does not hold is no fault: the bridge tolerates both readings. Exit code 1 when it
    could not be asked, or something was left behind.
    """
    choose(config, data)
    from bridge import conform as conforming
    from bridge.screen import Screen

    screen = Screen(as_json=as_json)
    report = conforming.conform(service, screen, other=other, sure=sure)
    if profile is not None:
        conforming.write_profile(report, profile)
    conforming.print_report(report, screen)
    screen.tell(report.facts())
    raise typer.Exit(1 if report.left else 0)
