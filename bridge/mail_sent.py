"""`bridge mail sent`: a mail that was sent into a conversation, so that replies to it come there."""

from bridge.session import session
from connectors.answering import Answering, UnfitMessage, register
from connectors.registry import build
from console.actions import UnknownChannel


async def sent(channel: str, message_id: str, external_id: str, *, sender: str) -> str:
    """Let replies to a mail go to a conversation, and return it.

    For entry points only. Raises BridgeError.
    """
    async with session() as bridge:
        settings = bridge.settings.channels.get(channel)
        if settings is None:
            known = ", ".join(sorted(bridge.settings.channels)) or "none"
            raise UnknownChannel(f"no channel {channel!r} is configured; there is: {known}")
        connector = build(channel, settings, bridge.secrets.readers(settings.secrets))
        if not isinstance(connector, Answering):
            raise UnfitMessage(f"channel {channel!r} takes no mail (its connector is {settings.connector!r})")
        told = connector.sent(message_id, sender=sender)
        return await register(connector, bridge.intake, bridge.store, external_id, told)
