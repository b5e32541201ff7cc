"""`bridge mail probe`: a marked mail goes out, and is seen to come in by the channel, within so many seconds.

The mark is Auto-Submitted (RFC 3834): the channel's rules let such mail go and list it by its Message-ID, so
a probe opens no interaction and is counted like any other ignored mail.
"""

import asyncio
import smtplib
import time
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from connectors.email.options import EmailOptions
from worker.errors import BridgeError, SettingsError
from worker.wiring import Bridge

_LOOK_EVERY_S: Final = 0.2
_SMTP_TIMEOUT_S: Final = 30.0


class ProbeLost(BridgeError):
    """The probe did not arrive in time, or could not be sent."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Where a probe goes, and by which server."""

    channel: str
    host: str
    port: int
    sender: str
    recipient: str
    patience_s: float


async def probe(bridge: Bridge, wanted: Probe, *, name: str) -> float:
    """Send a probe and return the seconds until it was seen. Raises BridgeError."""
    settings = bridge.settings.channels.get(wanted.channel)
    if settings is None or settings.connector != "email":
        raise SettingsError(f"{wanted.channel!r} is no mail channel, so no mail can arrive by it")
    options = EmailOptions.model_validate(dict(settings.options))
    if options.machines.auto_reply != "ignore":
        raise SettingsError(
            f"channels.{wanted.channel}.options.machines.auto_reply is {options.machines.auto_reply!r}: the "
            "probe would be taken for mail; set it to 'ignore'"
        )
    message_id = f"probe-{name}@openmedia-bridge.invalid"
    began = time.monotonic()
    await asyncio.to_thread(_send, wanted, _mail(wanted, message_id, bridge))
    while not await _arrived(bridge, settings.service, wanted.channel, message_id):
        if time.monotonic() - began > wanted.patience_s:
            raise ProbeLost(
                f"the probe <{message_id}> did not arrive by channel {wanted.channel!r} within "
                f"{wanted.patience_s:g} seconds"
            )
        await asyncio.sleep(_LOOK_EVERY_S)
    return time.monotonic() - began


async def _arrived(bridge: Bridge, service: str, channel: str, message_id: str) -> bool:
    notes = await bridge.store.notes(service, channel, limit=100)
    return any(note.id == message_id for note in notes)


def _mail(wanted: Probe, message_id: str, bridge: Bridge) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = wanted.sender, wanted.recipient
    mail["Subject"] = "Probe of the mail channel"
    mail["Date"] = format_datetime(bridge.clock())
    mail["Message-ID"] = f"<{message_id}>"
    mail["Auto-Submitted"] = "auto-replied"
    mail.set_content("This mail was sent to see whether it arrives. It needs no answer.\n")
    return mail


def _send(wanted: Probe, mail: EmailMessage) -> None:
    try:
        with smtplib.SMTP(wanted.host, wanted.port, timeout=_SMTP_TIMEOUT_S) as client:
            client.send_message(mail, wanted.sender, [wanted.recipient])
    except (smtplib.SMTPException, OSError) as error:
        raise ProbeLost(f"{wanted.host} port {wanted.port} did not take the probe: {error}") from error
