"""Registry: which connectors exist, as a table to be read. A new kind of channel is one line here."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pydantic import ValidationError

from connectors.base import Connector, Evidence
from connectors.email.connector import build_email
from connectors.explanation import explain
from connectors.prover import Prover, Secrets
from connectors.signatures.registry import build_scheme
from connectors.webhook.connector import build_webhook
from worker.errors import SettingsError
from worker.settings import ChannelSettings

#: Makes a connector of a channel's name, its settings and what proves its deliveries.
Builder = Callable[[str, ChannelSettings, Prover], Connector]

BUILDERS: Mapping[str, Builder] = {
    "email": build_email,
    "webhook": build_webhook,
}

#: The scheme of a kind whose senders always sign in the same way.
SCHEMES: Mapping[str, str] = {
    "email": "none",
}

_NOTHING: Evidence = MappingProxyType({})


def build(
    channel: str, settings: ChannelSettings, secrets: Secrets, evidence: Evidence = _NOTHING
) -> Connector:
    """Return the connector of a channel. Raises SettingsError with the path of each wrong key."""
    path = f"channels.{channel}"
    if settings.connector not in BUILDERS:
        known = ", ".join(sorted(BUILDERS))
        raise SettingsError(f"{path}.connector is {settings.connector!r}, but there is: {known}")
    prover = _prover(settings, secrets, evidence, path)
    try:
        return BUILDERS[settings.connector](channel, settings, prover)
    except ValidationError as error:
        raise SettingsError(explain(error, f"{path}.options")) from error


def _prover(settings: ChannelSettings, secrets: Secrets, evidence: Evidence, path: str) -> Prover:
    written = settings.verify or SCHEMES.get(settings.connector, "")
    if not written:
        raise SettingsError(
            f'{path}.verify is not set: say how its deliveries are signed, as in verify = "hmac", '
            'or verify = "none" to take whatever anybody sends'
        )
    scheme = build_scheme(written, f"{path}.verify")
    found = secrets()
    if not all(found):
        raise SettingsError(f"{path}.secrets: a secret is empty")
    if scheme.needs_secrets and not found:
        raise SettingsError(f"{path}.secrets: the scheme {scheme.name!r} needs at least one")
    if found and not scheme.needs_secrets:
        raise SettingsError(f"{path}.secrets: the scheme {scheme.name!r} has no use for a secret")
    return Prover(scheme, secrets, evidence)
