"""The welcome: what `bridge up` tells a person once everything runs."""

from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.places import Places

_TITLES: Final = {
    "webhook": "Send a webhook:",
    "mail": "Send a mail:",
    "command": "Give a command, and wait for what becomes of it:",
    "show": "See what became of the webhook:",
}


def welcome(console: Console, places: Places, *, seconds: float) -> None:
    """Write where things are, and what to try."""
    console.print(f"\n[bold green]The bridge is ready[/] [dim]after {seconds:.1f} s[/]\n")
    console.print(_where(places))
    for name, title in _TITLES.items():
        if name in places.samples:
            console.print(f"\n[bold]{title}[/]")
            console.print(Text(places.samples[name]))  # at the margin, so that no blank is copied with it
    console.print("\n[dim]Ctrl-C ends it; what was accepted stays in the data directory.[/]\n")


def _where(places: Places) -> Table:
    rows = {
        "console": places.console,
        "webhooks": f"{places.intake}/channels/…",
        "commands": f"{places.intake}/v1/…  (described at {places.intake}/docs)"
        if "command" in places.samples
        else None,
        "mail": places.smtp and f"smtp://{places.smtp['host']}:{places.smtp['port']}",
        "sandbox": places.sandbox and f"{places.sandbox}  (stands in for the Open Media API)",
        "settings": places.config,
        "data": places.data,
    }
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    for name, place in rows.items():
        if place:
            table.add_row(Text(name, style="dim"), Text(place))
    return table
