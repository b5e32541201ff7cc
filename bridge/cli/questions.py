"""Commands that look and tell, and change nothing."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

import json
import sys
from typing import Annotated

import typer

from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, ExternalId, Service, choose


def show(
    service: Service,
    external_id: ExternalId,
    *,
    utc: Annotated[bool, typer.Option("--utc", help="Times in UTC instead of this machine's.")] = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Tell everything about one conversation: where it stands, what waits, what happened."""
    choose(config, data)
    from bridge import show as showing
    from bridge.screen import Screen

    view = showing.look_up(service, external_id)
    if as_json:
        sys.stdout.write(showing.as_json(view) + "\n")
    else:
        showing.print_view(view, Screen().out, utc=utc)


def check(*, as_json: AsJson = False, config: Config = None, data: Data = DEFAULT_DATA) -> None:
    """Look at the settings and at everything they lead to: secrets, store, broker, services, channels.

    One line for each finding. Exit code 1 when at least one of them is a problem.
    """
    choose(config, data)
    from bridge.check import check as look
    from bridge.findings import has_problem, print_findings
    from bridge.screen import Screen

    findings = look()
    if as_json:
        sys.stdout.write(json.dumps([finding.fields() for finding in findings]) + "\n")
    else:
        print_findings(findings, Screen().out)
    raise typer.Exit(1 if has_problem(findings) else 0)
