"""Commands that look and tell; of these, only `audit` mends what it finds."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

import json
import sys
from typing import Annotated

import typer

from bridge.cli.completion import services
from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, ExternalId, Service, Utc, choose


def show(
    service: Service,
    external_id: ExternalId,
    *,
    key: Annotated[
        str,
        typer.Option(
            "--key",
            metavar="KEY",
            help="Only say whether this idempotency key was seen, and what was answered.",
            show_default=False,
        ),
    ] = "",
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Tell everything about one conversation: where it stands, what waits, what happened."""
    choose(config, data)
    import asyncio

    from bridge import key as keys
    from bridge import show as showing
    from bridge.moments import clock
    from bridge.screen import Screen

    if key:
        told = asyncio.run(keys.look_up(service, external_id, key))
        answer = keys.as_json(told)
    else:
        view = asyncio.run(showing.look_up(service, external_id))
        answer = showing.as_json(view)
    if as_json:
        sys.stdout.write(answer + "\n")
    elif key:
        keys.print_key(told, Screen().out, clock(utc=utc))
    else:
        showing.print_view(view, Screen().out, clock(utc=utc))


def status(
    service: Annotated[
        str,
        typer.Argument(
            metavar="[SERVICE]", help="One service only.", show_default=False, autocompletion=services
        ),
    ] = "",
    *,
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Say whether all is well, and how each service stands: what waits, what is done, gate, dead letters.

    Exit code 1 when something needs a person: a service, a channel or sweeps are paused, an API key is
    refused, the API shows none of ours, there are dead letters, or work has been due for more than five
    minutes.
    """
    choose(config, data)
    import asyncio

    from bridge import status as looking
    from bridge.moments import clock
    from bridge.screen import Screen

    write = clock(utc=utc)
    overview = asyncio.run(looking.status(service))
    if as_json:
        sys.stdout.write(looking.as_json(overview, write) + "\n")
    else:
        looking.print_status(overview, Screen().out, write)
    raise typer.Exit(0 if overview.all_is_well(write) else 1)


def top(
    service: Annotated[
        str,
        typer.Argument(
            metavar="[SERVICE]", help="One service only.", show_default=False, autocompletion=services
        ),
    ] = "",
    *,
    every_s: Annotated[
        float, typer.Option("--every", metavar="SECONDS", min=0.2, help="How often to look.")
    ] = 2.0,
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Show live how each service stands, until q or Ctrl-C.

    Where nobody watches (a pipe, --json) it is told once, as by `bridge status`. Exit code 1 when something
    needs a person at the end.
    """
    choose(config, data)
    import asyncio

    from bridge.moments import clock
    from bridge.screen import Screen
    from bridge.top import top as run

    watching = run(service, Screen(), clock(utc=utc), every_s=every_s, once=as_json)
    raise typer.Exit(0 if asyncio.run(watching) else 1)


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


def audit(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be mended.")] = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Hold the whole store against its own rules now, and mend what contradicts; none is expected.

    Beat does the same every few minutes, a part at a time. Says on the way how far it is. Exit code 1 when
    anything was found.
    """
    choose(config, data)
    import asyncio

    from bridge import audit as auditing
    from bridge.progress import reaching
    from bridge.screen import Screen

    with reaching(Screen(), "auditing the store") as reach:
        report = asyncio.run(auditing.audit(dry=dry_run, reach=reach))
    if as_json:
        sys.stdout.write(auditing.as_json(report, dry=dry_run) + "\n")
    else:
        auditing.print_audit(report, Screen().out, dry=dry_run)
    raise typer.Exit(1 if report.mended else 0)
