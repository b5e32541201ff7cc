"""Commands about mail channels."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli import completion
from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, Utc, choose

if TYPE_CHECKING:
    from bridge.mail_audit import Audit

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Channel = Annotated[
    str,
    typer.Argument(
        metavar="CHANNEL", help="The mail channel, as in the settings.", autocompletion=completion.channels
    ),
]


def prune(
    *,
    dry_run: DryRun = False,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="Delete at the most so many in this run.")
    ] = 50_000,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Delete the whole messages whose time is over (`blobs.retention_s`, or a channel's own)."""
    choose(config, data)
    import asyncio

    from bridge import mail_prune
    from bridge.screen import Screen

    pruned = asyncio.run(mail_prune.prune(Screen(), limit=limit, dry=dry_run))
    if as_json:
        sys.stdout.write(mail_prune.as_json(pruned) + "\n")
    else:
        mail_prune.print_pruned(pruned, Screen().out, dry=dry_run)


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


def audit(
    channel: Channel,
    *,
    since: Annotated[
        str,
        typer.Option("--since", metavar="WHEN", help="From then on: 2h or 7d ago, or a date."),
    ] = "7d",
    until: Annotated[
        str,
        typer.Option("--until", metavar="WHEN", help="Up to then; otherwise up to now.", show_default=False),
    ] = "",
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Compare every mail in a channel's mailbox with what the bridge knows, and name every difference.

    Reads the folder and those for done, failed and ignored mail, and changes nothing. Exit code 1 when a mail
    is missing.
    """
    choose(config, data)
    import asyncio

    from bridge import audit_sheet
    from bridge.mail_audit import audit as run
    from bridge.moments import clock
    from bridge.moments import since as moment
    from bridge.progress import progress
    from bridge.screen import Screen
    from bridge.session import session
    from worker.wiring import utc_now

    now = utc_now()
    begin, end = moment(since, now), moment(until, now) if until else now

    async def compare() -> "Audit":
        async with session() as bridge:
            with progress(Screen(), "mails compared") as advance:
                return await run(bridge, channel, since=begin, until=end, advance=advance)

    found = asyncio.run(compare())
    if as_json:
        sys.stdout.write(audit_sheet.as_json(found) + "\n")
    else:
        audit_sheet.print_audit(found, Screen().out, clock(utc=utc))
    raise typer.Exit(0 if found.complete else 1)


def probe(
    channel: Channel,
    *,
    smtp: Annotated[
        str, typer.Option("--smtp", metavar="HOST:PORT", help="The mail server that takes the probe.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="One of the channel's addresses.")],
    sender: Annotated[
        str,
        typer.Option(
            "--from", metavar="ADDRESS", help="Whom the probe comes from.", show_default="the recipient"
        ),
    ] = "",
    patience_s: Annotated[
        float, typer.Option("--patience", metavar="SECONDS", min=1, help="How long to wait for it.")
    ] = 120.0,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Send a marked mail and wait until it arrives by the channel; say how many seconds that took.

    It opens no interaction: it is let go and counted, like an automatic answer.
    """
    choose(config, data)
    import asyncio
    import json

    from bridge import mail_probe
    from bridge.session import session
    from worker.wiring import new_id

    host, _, port = smtp.rpartition(":")
    if not host or not port.isdecimal():
        raise typer.BadParameter(f"{smtp!r} is not HOST:PORT", param_hint="--smtp")
    wanted = mail_probe.Probe(channel, host.strip("[]"), int(port), sender or to, to, patience_s)

    async def send() -> float:
        async with session() as bridge:
            return await mail_probe.probe(bridge, wanted, name=new_id())

    seconds = asyncio.run(send())
    said = json.dumps({"channel": channel, "seconds": round(seconds, 1)}) if as_json else f"{seconds:.1f} s"
    sys.stdout.write(said + "\n")


def sent(
    channel: Channel,
    message_id: Annotated[
        str, typer.Argument(metavar="MESSAGE_ID", help="The mail's Message-ID, with or without brackets.")
    ],
    *,
    external_id: Annotated[
        str, typer.Option("--for", metavar="EXTERNAL_ID", help="The conversation it was sent into.")
    ],
    sender: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="ADDRESS",
            help="The channel's address it was sent from; needed with `once_per = recipient`.",
            show_default=False,
        ),
    ] = "",
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Say that a mail was sent, so that replies to it come to its conversation; again is harmless."""
    choose(config, data)
    import asyncio
    import json

    from bridge import mail_sent

    conversation = asyncio.run(mail_sent.sent(channel, message_id, external_id, sender=sender))
    told = {"channel": channel, "externalId": conversation}
    sys.stdout.write(
        json.dumps(told) + "\n" if as_json else f"replies that come by {channel} go to {conversation}\n"
    )
