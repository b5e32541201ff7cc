"""Commands about channels."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

import sys
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli import completion
from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, Reason, choose

Channel = Annotated[
    str,
    typer.Argument(
        metavar="CHANNEL", help="The channel, as in the settings.", autocompletion=completion.channels
    ),
]


def pause(
    channel: Channel,
    *,
    reason: Reason,
    hold: Annotated[
        bool, typer.Option("--hold", help="Let messages in, in order, and deliver none of them.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Let nothing in by a channel: its senders are told to come again later, and nothing of theirs is kept.

    With --hold they are let in, and what they bring waits in its lanes; of a client of the command API, too
    (api.NAME). To hold all that goes to a service, pause the service.
    """
    choose(config, data)
    import asyncio

    from bridge.pauses import pause as run
    from bridge.screen import Screen

    asyncio.run(run(channel, Screen(as_json=as_json), reason=reason, hold=hold))


def resume(
    channel: Channel, *, as_json: AsJson = False, config: Config = None, data: Data = DEFAULT_DATA
) -> None:
    """Let a channel's senders in again, and let go what was held; takes two seconds for that."""
    choose(config, data)
    import asyncio

    from bridge.pauses import resume as run
    from bridge.screen import Screen

    asyncio.run(run(channel, Screen(as_json=as_json)))


def list_(*, as_json: AsJson = False, config: Config = None, data: Data = DEFAULT_DATA) -> None:
    """List the configured channels."""
    choose(config, data)
    from bridge.channel_list import print_channels
    from bridge.screen import Screen

    print_channels(Screen(as_json=as_json))


def new(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="[KIND]",
            help="What kind of sender; without it, the kinds are listed.",
            autocompletion=completion.kinds,
        ),
    ] = "",
    *,
    name: Annotated[str, typer.Option(metavar="NAME", help="The channel's name. Default: the kind's.")] = "",
    service: Annotated[
        str, typer.Option(metavar="SERVICE", help="The service it is for. Default: the only one.")
    ] = "",
    append: Annotated[
        bool,
        typer.Option("--append", help="Put it into the settings file, and make its secret if that is ours."),
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Write the settings of a new channel, with comments."""
    choose(config, data)
    from bridge import channel_block
    from bridge.channel_list import print_kinds
    from bridge.screen import Screen
    from worker.configuration import find_running

    find_running()
    screen = Screen(as_json=as_json)
    if not kind:
        print_kinds(screen)
        return
    made = channel_block.block(kind, name=name or kind, service=channel_block.the_service(service))
    if not append:
        if not as_json:
            sys.stdout.write(made.text)
        screen.tell({"channel": name or kind, "settings": made.text, "secret": made.secret})
        return
    path, secret = channel_block.append(made, name or kind)
    screen.say(f"{path} has the channel {name or kind!r} now; restart the bridge for it to open")
    if secret:
        screen.say(f"{secret} holds a new secret: give it to the sender")
    elif made.secret:
        screen.say(f"put the secret into {path.parent / made.secret}")
    screen.tell({"channel": name or kind, "file": str(path), "secret": made.secret, "made": bool(secret)})


def try_(
    channel: Channel,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="An HTTP request as it goes over the wire, a body alone, or a mail."
        ),
    ],
    *,
    headers: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", metavar="NAME: VALUE", help="A further header; may be repeated."),
    ] = None,
    at: Annotated[
        str,
        typer.Option("--at", metavar="TIME", help="When it is to have arrived: 30m ago, or a date and time."),
    ] = "0s",
    unproved: Annotated[
        bool, typer.Option("--unproved", help="Take it for genuine, whatever its signature is.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Show what a delivery would do, or exactly why it would not be taken. Sends and keeps nothing."""
    choose(config, data)
    from datetime import UTC, datetime

    from bridge import trial
    from bridge.moments import since
    from bridge.screen import Screen

    moment = since(at, datetime.now(UTC)).astimezone(UTC)
    found = trial.try_delivery(channel, file, headers=headers or [], at=moment, proved=not unproved)
    if as_json:
        sys.stdout.write(trial.as_json(found) + "\n")
    else:
        trial.print_trial(found, Screen().out)
