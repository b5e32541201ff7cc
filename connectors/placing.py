"""Placing: from a message with names to the commands of its conversation, with the store's knowledge."""

from connectors.base import Connector, Flood, Ignored, SetAside, Threaded
from worker.commands import Command
from worker.ports import Door


async def place(connector: Connector, threaded: Threaded, door: Door) -> tuple[Command, ...] | Ignored:
    """Return what a message asks for in its conversation. Raises SetAside or StoreUnavailable.

    Repeating it gives equal commands, whatever else was placed in between.
    """
    if threaded.flood and await _is_beyond(connector, threaded.flood, door):
        if isinstance(threaded.flood.beyond, Ignored):
            return threaded.flood.beyond
        raise SetAside(threaded.flood.beyond)
    commands: list[Command] = []
    for strand in threaded.strands:
        conversation = await door.bind(
            connector.service,
            connector.channel,
            strand.names,
            mark=strand.mark,
            default=strand.default,
            window=threaded.window,
        )
        commands += strand.commands(conversation)
    return tuple(commands)


async def _is_beyond(connector: Connector, flood: Flood, door: Door) -> bool:
    count = await door.recur(
        connector.service, connector.channel, flood.sender, flood.member, at=flood.at, window=flood.window
    )
    return count > flood.limit
