"""The program `bridge` and the table of its commands."""

import importlib.metadata
import sys
from typing import Annotated

import typer

from bridge.cli import (
    channels,
    conforming,
    console,
    events,
    gates,
    letters,
    mail,
    moving,
    privacy,
    processes,
    questions,
    sending,
    sweeps,
)
from bridge.cli.options import EXIT_CODES, PASS_ALL, PASS_ON

app = typer.Typer(
    name="bridge",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
_dead = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")
_channel = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")
_mail = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")
_sweep = typer.Typer(rich_markup_mode="markdown")
_privacy = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")
_events = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")
_console = typer.Typer(rich_markup_mode="markdown")
_send = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


def _say_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        sys.stdout.write(f"openmedia-bridge {importlib.metadata.version('openmedia-bridge')}\n")
        raise typer.Exit


@app.callback(epilog=EXIT_CODES)
def bridge(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    """E-mail and webhooks become Genesys Open Media interactions: in order, once, whatever dies.

    Start with `bridge up`: it needs no configuration and says where everything is.
    """


app.command(epilog=EXIT_CODES)(processes.up)
app.command(epilog=EXIT_CODES)(processes.demo)
app.command(epilog=EXIT_CODES)(questions.status)
app.command(epilog=EXIT_CODES)(questions.top)
app.command(epilog=EXIT_CODES)(questions.show)
app.command(epilog=EXIT_CODES)(questions.check)
app.command(epilog=EXIT_CODES)(questions.audit)
app.command(epilog=EXIT_CODES)(conforming.conform)
app.add_typer(
    _dead, name="dead", help="Look at dead letters, bring them back or give them up.", epilog=EXIT_CODES
)
_dead.command("list", epilog=EXIT_CODES)(letters.list_)
_dead.command(epilog=EXIT_CODES)(letters.show)
_dead.command(epilog=EXIT_CODES)(letters.replay)
_dead.command(epilog=EXIT_CODES)(letters.edit)
_dead.command(epilog=EXIT_CODES)(letters.discard)
app.command(epilog=EXIT_CODES)(gates.pause)
app.command(epilog=EXIT_CODES)(gates.resume)
app.command(epilog=EXIT_CODES)(gates.retry_now)
app.add_typer(
    _sweep,
    name="sweep",
    help="Stop interactions that went stale, or see what would be stopped.",
    epilog=EXIT_CODES,
)
_sweep.callback(invoke_without_command=True, epilog=EXIT_CODES)(sweeps.sweep)
_sweep.command("run", epilog=EXIT_CODES)(sweeps.run)
_sweep.command(epilog=EXIT_CODES)(sweeps.history)
_sweep.command(epilog=EXIT_CODES)(sweeps.pause)
_sweep.command(epilog=EXIT_CODES)(sweeps.resume)
app.add_typer(_channel, name="channel", help="Set channels up, try, shut and open them.", epilog=EXIT_CODES)
_channel.command("list", epilog=EXIT_CODES)(channels.list_)
_channel.command(epilog=EXIT_CODES)(channels.new)
_channel.command("try", epilog=EXIT_CODES)(channels.try_)
_channel.command(epilog=EXIT_CODES)(channels.pause)
_channel.command(epilog=EXIT_CODES)(channels.resume)
app.add_typer(_mail, name="mail", help="Look into mail channels.", epilog=EXIT_CODES)
_mail.command(epilog=EXIT_CODES)(mail.ignored)
_mail.command(epilog=EXIT_CODES)(mail.audit)
_mail.command(epilog=EXIT_CODES)(mail.probe)
_mail.command(epilog=EXIT_CODES)(mail.prune)
_mail.command(epilog=EXIT_CODES)(mail.sent)
app.add_typer(
    _privacy,
    name="privacy",
    help="See what is kept of a conversation or a person, or take it out.",
    epilog=EXIT_CODES,
)
_privacy.command(epilog=EXIT_CODES)(privacy.export)
_privacy.command(epilog=EXIT_CODES)(privacy.erase)
app.add_typer(_events, name="events", help="Try the events that subscribers are told.", epilog=EXIT_CODES)
_events.command("send-test", epilog=EXIT_CODES)(events.send_test)
app.add_typer(
    _send,
    name="send",
    help="Submit a command by hand, as a channel would.\n\n"
    "A bridge that runs on another data directory than ./bridge-data is found through BRIDGE_DATA.",
    epilog=EXIT_CODES,
)
_send.command(epilog=EXIT_CODES)(sending.create)
_send.command(epilog=EXIT_CODES)(sending.update)
_send.command(epilog=EXIT_CODES)(sending.stop)
app.command(epilog=EXIT_CODES)(moving.export)
app.command("import", epilog=EXIT_CODES)(moving.import_)
app.command(epilog=EXIT_CODES)(console.audit_log)
app.add_typer(
    _console,
    name="console",
    help="Run the operations console, make a password for it, or log somebody out.",
    epilog=EXIT_CODES,
)
_console.callback(invoke_without_command=True, epilog=EXIT_CODES)(console.console)
_console.command(epilog=EXIT_CODES)(console.password)
_console.command(epilog=EXIT_CODES)(console.end_visits)
app.command(epilog=EXIT_CODES)(processes.intake)
app.command(epilog=EXIT_CODES, context_settings=PASS_ON)(processes.worker)
app.command(epilog=EXIT_CODES, context_settings=PASS_ON)(processes.beat)
app.command(context_settings=PASS_ALL)(processes.sandbox)
