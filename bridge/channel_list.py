"""`bridge channel list`: the configured channels, and the kinds that a channel may be of."""

from typing import Final

from rich.text import Text

from bridge.screen import Screen
from bridge.session import configured
from bridge.sheet import columns
from connectors.registry import kind, kinds
from worker.errors import SettingsError
from worker.settings import ChannelSettings

_COLUMNS: Final = ("channel", "connector", "service", "proof", "door")


def print_channels(screen: Screen) -> None:
    """Tell what is configured. For entry points only. Raises SettingsError."""
    settings, _ = configured("error")
    rows = [_row(name, channel) for name, channel in settings.channels.items()]
    table = columns(*_COLUMNS, fixed=("channel", "connector"))
    for row in rows:
        table.add_row(*map(Text, row))
    screen.out.print(table)
    screen.tell([dict(zip(_COLUMNS, row, strict=True)) for row in rows])


def print_kinds(screen: Screen) -> None:
    """Tell every kind and what it is for; of one that is broken what is wrong."""
    table, told = columns("kind", "what it is for", fixed=("kind",)), []
    for name in kinds():
        try:
            said, style = kind(name).summary, ""
        except SettingsError as error:
            said, style = str(error), "red"
        table.add_row(Text(name), Text(said, style=style))
        told.append({"kind": name, "for": said, "broken": bool(style)})
    screen.out.print(table)
    screen.tell(told)


def _row(name: str, channel: ChannelSettings) -> tuple[str, ...]:
    door = f"POST /channels/{name}" if channel.connector != "email" else "mail"
    return name, channel.connector, channel.service, _proof(channel), door


def _proof(channel: ChannelSettings) -> str:
    try:
        verify = channel.verify or kind(channel.connector).verify
    except SettingsError as error:
        return str(error)
    return verify if isinstance(verify, str) else str(verify.get("scheme", ""))
