"""The second reading: a kept delivery, translated again after its channel was mended.

It is not verified again: it was proved genuine when it arrived, and its signature may have been made with a
secret that is no longer used.
"""

from connectors.base import (
    Connector,
    Delivery,
    Envelope,
    Handshake,
    Ignored,
    Threaded,
    Understood,
    UnreadableDelivery,
    Verified,
)
from connectors.headers import Headers
from connectors.keeping import preserve
from connectors.placing import place
from connectors.reception import freely
from connectors.registry import build
from connectors.trace import sent_trace
from connectors.understanding import understand
from console.links import links_of
from console.round import Fate, Happened
from worker.blob import ObjectName
from worker.errors import BridgeError, KeyConflict, LaneFull, SettingsError, UnknownService, UserDataRefused
from worker.letters import Unreadable
from worker.wiring import Bridge, new_id


class Reader:
    """Reads kept deliveries again, with the channels as they are configured now."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._connectors: dict[str, Connector] = {}

    async def bring_back(self, letter: Unreadable) -> Happened:
        """Submit what a letter says and give the letter up; one that still cannot be read is kept.

        Raises StoreUnavailable. Repeating it is harmless: the commands have the keys they always had.
        """
        try:
            understood = read = await self.read(letter)
            if isinstance(read, Threaded):
                read = await place(self._connector(letter.channel), read, self._bridge.intake)
            if isinstance(read, (Ignored, Handshake)):
                how = f"ignored now: {read.reason}"
            else:
                await preserve(understood, letter.channel, self._bridge.intake)
                receipts = await self._bridge.intake.submit(read)
                how = ", ".join(f"command {each.sequence} of {each.external_id}" for each in receipts)
        except KeyConflict as error:
            return Happened(letter.head, Fate.KEPT, f"{error}; compare the two, then discard it")
        except (UnreadableDelivery, UserDataRefused) as error:
            return Happened(letter.head, Fate.KEPT, f"still unreadable: {error}")
        except (SettingsError, UnknownService, LaneFull) as error:
            return Happened(letter.head, Fate.KEPT, str(error))
        discarded = await self._bridge.dead_letters.discard(letter.head, reason=f"read again: {how}")
        return Happened(letter.head, Fate.DONE if discarded else Fate.GONE, how)

    async def foresee(self, letter: Unreadable) -> Happened:
        """Say what `bring_back` would do, and do nothing."""
        try:
            read = await self.read(letter)
        except UnreadableDelivery as error:
            return Happened(letter.head, Fate.KEPT, f"still unreadable: {error}")
        except BridgeError as error:
            return Happened(letter.head, Fate.KEPT, str(error))
        if isinstance(read, Threaded):
            read = read.foreseen
        if isinstance(read, (Ignored, Handshake)):
            return Happened(letter.head, Fate.DONE, f"ignored now: {read.reason}")
        return Happened(letter.head, Fate.DONE, ", ".join(f"{each.kind} {each.external_id}" for each in read))

    async def read(self, letter: Unreadable) -> Understood:
        """Return what a letter says. Raises UnreadableDelivery, or SettingsError when its channel is gone."""
        connector = self._connector(letter.channel)
        try:
            return await understand(connector, _verified(letter, connector), self._bring)
        except BridgeError:
            raise
        except Exception as error:  # a connector's fault leaves the letter where it is
            raise UnreadableDelivery(f"the connector failed ({type(error).__name__})") from error

    async def _bring(self, channel: str, name: ObjectName) -> bytes:
        return await self._bridge.originals.fetch(channel, name, take=freely)

    def _connector(self, channel: str) -> Connector:
        if channel not in self._connectors:
            settings = self._bridge.settings.channels.get(channel)
            if settings is None:
                raise SettingsError(f"channel {channel!r} is no longer configured, so nothing can read it")
            secrets = self._bridge.secrets.readers(settings.secrets)
            links = links_of(self._bridge.settings, self._bridge.secrets)
            self._connectors[channel] = build(channel, settings, secrets, links=links)
        return self._connectors[channel]


def _verified(letter: Unreadable, connector: Connector) -> Verified:
    headers = Headers(letter.headers)
    mail = "http" not in connector.hosts
    delivery = Delivery(
        channel=letter.channel,
        headers=Headers() if mail else headers,
        body=letter.body,
        arrived_at=letter.arrived_at,
        peer=letter.peer,
        envelope=Envelope(headers.get("Return-Path"), headers.all("Delivered-To")) if mail else None,
        trace_id=sent_trace(headers) or new_id(),
        url=letter.url,
    )
    return Verified(delivery, "when it arrived", again=True)
