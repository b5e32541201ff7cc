"""Commands for dead letters: what needs a person, and what a person can do with it."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, Reason, Service, Utc, choose

if TYPE_CHECKING:
    from worker.deadletters import Filter

_ID = "A dead letter's id, or the beginning of it."
Id = Annotated[str, typer.Argument(metavar="ID", help=_ID)]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help=_ID, show_default=False)]
Cause = Annotated[
    str,
    typer.Option(
        "--cause",
        metavar="CAUSE",
        help="Only these: rejected, exhausted, conflict, missing, ended or unreadable.",
        show_default=False,
    ),
]
Channel = Annotated[
    str, typer.Option("--channel", metavar="NAME", help="Only what came by this channel.", show_default=False)
]
Conversation = Annotated[
    str,
    typer.Option("--external-id", metavar="ID", help="Only this conversation's.", show_default=False),
]
Since = Annotated[
    str,
    typer.Option(
        "--since",
        metavar="WHEN",
        help="Only those since then: 30m, 2h or 1d ago, or a date.",
        show_default=False,
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="All of them; needed when nothing else says which.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


def list_(
    service: Service,
    *,
    each: Annotated[bool, typer.Option("--each", help="A row for each instead of each group.")] = False,
    cause: Cause = "",
    channel: Channel = "",
    external_id: Conversation = "",
    since: Since = "",
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """List dead letters by cause and channel, or one by one."""
    choose(config, data)
    import asyncio

    from bridge import letters
    from bridge.moments import clock
    from bridge.screen import Screen

    wanted = _wanted(None, cause, channel, external_id, since)
    found = asyncio.run(letters.look_up(service, wanted))
    if as_json:
        sys.stdout.write(letters.as_json(found) + "\n")
    else:
        letters.print_list(found, Screen().out, clock(utc=utc), service=service, each=each)


def show(
    service: Service,
    letter_id: Id,
    *,
    body: Annotated[
        bool, typer.Option("--body", help="Also what an unreadable delivery carried, and its headers.")
    ] = False,
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Tell everything about one dead letter: what it asks for, why it is dead, every try."""
    choose(config, data)
    import asyncio

    from bridge import letter
    from bridge.moments import clock
    from bridge.screen import Screen

    found = asyncio.run(letter.look_up(service, letter_id))
    if as_json:
        sys.stdout.write(letter.as_json(found, with_body=body) + "\n")
    else:
        letter.print_letter(found, Screen().out, clock(utc=utc), with_body=body)


def replay(
    service: Service,
    ids: Ids = None,
    *,
    cause: Cause = "",
    channel: Channel = "",
    external_id: Conversation = "",
    since: Since = "",
    everything: Everything = False,
    dry_run: DryRun = False,
    rate: Annotated[float, typer.Option(min=0.1, metavar="N", help="At most so many a second.")] = 20.0,
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Bring dead letters back into their lanes, the oldest first; unreadable deliveries are read again.

    The plan is printed first. Ctrl-C stops between two letters; the same command again does the rest. Exit
    code 1 when any of them stays a dead letter.
    """
    choose(config, data)
    import asyncio

    from bridge.moments import clock
    from bridge.replay import replay as run
    from bridge.screen import Screen

    wanted = _wanted(ids, cause, channel, external_id, since)
    done = run(
        service,
        wanted,
        Screen(as_json=as_json),
        clock(utc=utc),
        rate=rate,
        everything=everything,
        dry_run=dry_run,
    )
    raise typer.Exit(0 if asyncio.run(done) else 1)


def edit(
    service: Service,
    letter_id: Id,
    *,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PATH=JSON",
            help="A new value, as in 'user_data.Subject=\"Hello\"'; may be repeated.",
        ),
    ] = None,
    unsets: Annotated[
        list[str] | None,
        typer.Option("--unset", metavar="PATH", help="A property to take out; may be repeated."),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Mend a dead command and bring it back; what changes is shown as it was and as it will be."""
    choose(config, data)
    import asyncio

    from bridge.edit import edit as run
    from bridge.screen import Screen

    asyncio.run(run(service, letter_id, sets or (), unsets or (), Screen(as_json=as_json), dry_run=dry_run))


def discard(
    service: Service,
    ids: Ids = None,
    *,
    reason: Reason,
    cause: Cause = "",
    channel: Channel = "",
    external_id: Conversation = "",
    since: Since = "",
    everything: Everything = False,
    dry_run: DryRun = False,
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Give dead letters up for good; a conversation that one of them parked goes on without it."""
    choose(config, data)
    import asyncio

    from bridge.discard import discard as run
    from bridge.moments import clock
    from bridge.screen import Screen

    wanted = _wanted(ids, cause, channel, external_id, since)
    done = run(
        service,
        wanted,
        Screen(as_json=as_json),
        clock(utc=utc),
        reason=reason,
        everything=everything,
        dry_run=dry_run,
    )
    raise typer.Exit(0 if asyncio.run(done) else 1)


def _wanted(ids: list[str] | None, cause: str, channel: str, external_id: str, since: str) -> "Filter":
    from bridge.moments import since as moment
    from worker.deadletters import Filter
    from worker.wiring import utc_now

    return Filter(
        ids=frozenset(ids or ()),
        cause=cause,
        channel=channel,
        external_id=external_id,
        since=moment(since, utc_now()) if since else None,
    )
