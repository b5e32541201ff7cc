"""Registry: which kinds of connector exist, as tables to be read. A new one is one line here.

Other packages bring kinds of their own by an entry point of the group `openmedia_bridge.connectors`, which
leads to a `connectors.kind.Kind`. It is loaded when a channel asks for it, so that a broken package troubles
nobody else.
"""

from collections.abc import Mapping
from functools import cache
from importlib import metadata
from importlib.resources import files
from types import MappingProxyType

from pydantic import ValidationError

from connectors.base import Connector, Evidence
from connectors.email.connector import build_email
from connectors.explanation import explain
from connectors.inbound.kinds import INBOUND
from connectors.keeping import Linking
from connectors.kind import Kind
from connectors.links import Links
from connectors.preset import read_preset
from connectors.prover import Prover, Secrets
from connectors.signatures.registry import build_scheme, check_secrets
from connectors.webhook.connector import build_webhook
from worker.errors import SettingsError
from worker.settings import ChannelSettings

#: The entry points by which other packages bring kinds.
GROUP = "openmedia_bridge.connectors"

#: Kinds in Python.
OWN: Mapping[str, Kind] = {
    **INBOUND,
    "email": Kind(
        build_email,
        "Mail by SMTP; a thread is a conversation",
        verify="none",
        sample='# The recipients whose mail this channel takes.\naddresses = ["support@example.com"]\n',
    ),
    "webhook": Kind(
        build_webhook,
        "Webhooks of any application, mapped by rules of your own",
        secret="what the sender signs with",  # noqa: S106 - words about a secret
        makes_secret=True,
        sample="""\
external_id = "body.ticket.id"
idempotency_key = "body.delivery"
user_data = { Subject = "body.ticket.subject" }
rules = [
  { when = "body.event == 'ticket.opened'", do = "create" },
  { when = "body.event == 'ticket.changed'", do = "update" },
  { when = "body.event == 'ticket.closed'", do = "stop" },
  { when = "body.event == 'ticket.viewed'", do = "ignore" },
]
""",
    ),
}

#: Kinds that are rules in a file of `presets/`.
PRESETS = (
    "cloudevents",
    "form",
    "genesys",
    "github",
    "messenger",
    "slack",
    "standard-webhooks",
    "stripe",
    "telegram",
    "twilio",
    "typeform",
    "whatsapp",
    "zendesk",
)

_NOTHING: Evidence = MappingProxyType({})


def kinds() -> tuple[str, ...]:
    """Return the names of all kinds, those of other packages among them."""
    return tuple(sorted({*OWN, *PRESETS, *_strangers()}))


def kind(name: str) -> Kind:
    """Return a kind. Raises SettingsError where there is none, two, or a broken one."""
    strangers = _strangers().get(name, ())
    if strangers and (name in OWN or name in PRESETS or len(strangers) > 1):
        packages = " and ".join(map(_package, strangers))
        raise SettingsError(
            f"there is more than one {name!r}: {packages} brings a connector of this name; uninstall or "
            "rename all but one"
        )
    if strangers:
        return _load(strangers[0])
    if name in OWN:
        return OWN[name]
    if name in PRESETS:
        return _preset(name)
    raise SettingsError(f"no kind of connector is called {name!r}; there is: {', '.join(kinds())}")


def build(
    channel: str,
    settings: ChannelSettings,
    secrets: Secrets,
    evidence: Evidence = _NOTHING,
    *,
    links: Links | None = None,
) -> Connector:
    """Return the connector of a channel. Raises SettingsError with the path of each wrong key.

    Args:
        channel: Its name.
        settings: What is said of it.
        secrets: Reads its secrets.
        evidence: The public documents that proofs rest on.
        links: Makes links to whole messages, where such links are configured.
    """
    path = f"channels.{channel}"
    try:
        found = kind(settings.connector)
    except SettingsError as error:
        raise SettingsError(f"{path}.connector: {error}") from error
    prover = _prover(settings, found, secrets, evidence, path)
    try:
        built = found.build(channel, settings, prover)
    except ValidationError as error:
        raise SettingsError(explain(error, f"{path}.options")) from error
    return built.linked(links) if links and isinstance(built, Linking) else built


@cache
def _preset(name: str) -> Kind:
    return read_preset(files("connectors").joinpath("presets", f"{name}.toml"))


def _strangers() -> Mapping[str, tuple[metadata.EntryPoint, ...]]:
    points = metadata.entry_points(group=GROUP)
    return {name: tuple(points.select(name=name)) for name in points.names}


def _package(point: metadata.EntryPoint) -> str:
    return f"the package {point.dist.name}" if point.dist else f"the entry point {point.value}"


def _load(point: metadata.EntryPoint) -> Kind:
    try:
        found = point.load()
    except Exception as error:
        raise SettingsError(
            f"{point.name!r} of {_package(point)} cannot be loaded ({type(error).__name__}: {error})"
        ) from error
    if not isinstance(found, Kind):
        raise SettingsError(
            f"{point.name!r} of {_package(point)} is a {type(found).__name__}, not a connectors.kind.Kind"
        )
    return found


def _prover(
    settings: ChannelSettings, found: Kind, secrets: Secrets, evidence: Evidence, path: str
) -> Prover:
    written = settings.verify or found.verify
    if not written:
        raise SettingsError(
            f'{path}.verify is not set: say how its deliveries are signed, as in verify = "hmac", '
            'or verify = "none" to take whatever anybody sends'
        )
    scheme = build_scheme(written, f"{path}.verify")
    check_secrets(scheme, secrets(), f"{path}.secrets")
    return Prover(scheme, secrets, evidence)
