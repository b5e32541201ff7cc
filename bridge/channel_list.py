"""`bridge channel list`: the configured channels, and the kinds that a channel may be of."""

from rich.table import Table
from rich.text import Text

from bridge.session import configured
from bridge.sheet import columns
from connectors.registry import kind, kinds
from worker.errors import SettingsError
from worker.settings import ChannelSettings


def channels() -> Table:
    """Return what is configured. For entry points only. Raises SettingsError."""
    settings, _ = configured("error")
    table = columns("channel", "connector", "service", "proof", "door", fixed=("channel", "connector"))
    for name, channel in settings.channels.items():
        door = f"POST /channels/{name}" if channel.connector != "email" else "mail"
        table.add_row(
            Text(name), Text(channel.connector), Text(channel.service), Text(_proof(channel)), Text(door)
        )
    return table


def all_kinds() -> Table:
    """Return every kind with what it is for; one that is broken with what is wrong."""
    table = columns("kind", "what it is for", fixed=("kind",))
    for name in kinds():
        try:
            table.add_row(Text(name), Text(kind(name).summary))
        except SettingsError as error:
            table.add_row(Text(name), Text(str(error), style="red"))
    return table


def _proof(channel: ChannelSettings) -> str:
    try:
        verify = channel.verify or kind(channel.connector).verify
    except SettingsError as error:
        return str(error)
    return verify if isinstance(verify, str) else str(verify.get("scheme", ""))
