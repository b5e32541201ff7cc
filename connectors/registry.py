"""Registry: which connectors exist, as a table to be read. A new kind of channel is one line here."""

from collections.abc import Callable, Mapping, Sequence

from pydantic import ValidationError

from connectors.base import Connector
from connectors.email.connector import build_email
from connectors.webhook.connector import build_webhook
from worker.errors import SettingsError
from worker.settings import ChannelSettings

#: Makes a connector of a channel's name, its settings and the values of its secrets.
Builder = Callable[[str, ChannelSettings, Sequence[str]], Connector]

BUILDERS: Mapping[str, Builder] = {
    "email": build_email,
    "webhook": build_webhook,
}


def build(channel: str, settings: ChannelSettings, secrets: Sequence[str]) -> Connector:
    """Return the connector of a channel. Raises SettingsError with the path of each wrong key."""
    path = f"channels.{channel}"
    if settings.connector not in BUILDERS:
        known = ", ".join(sorted(BUILDERS))
        raise SettingsError(f"{path}.connector is {settings.connector!r}, but there is: {known}")
    if not all(secrets):
        raise SettingsError(f"{path}.secrets: a secret is empty")
    try:
        return BUILDERS[settings.connector](channel, settings, tuple(secrets))
    except ValidationError as error:
        raise SettingsError(_explain(error, f"{path}.options")) from error


def _explain(error: ValidationError, path: str) -> str:
    reasons = []
    for each in error.errors(include_url=False):
        keys = (str(part) for part in each["loc"] if part != "[key]")
        message = each["msg"].removeprefix("Value error, ")
        reasons.append(f"{'.'.join((path, *keys))}: {message}")
    return "; ".join(reasons)
