"""Registry: which schemes exist, as a table to be read. A new one is one line here."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue, ValidationError

from connectors.explanation import explain
from connectors.signatures.certificate import ClientCertificate
from connectors.signatures.hub import Genesys, Meta
from connectors.signatures.keyed import GitHub, Hmac, HubSpot, Shopify, Slack, Typeform, Zendesk
from connectors.signatures.mailgun import Mailgun
from connectors.signatures.scheme import Scheme
from connectors.signatures.sendgrid import SendGrid
from connectors.signatures.sns import AmazonSns
from connectors.signatures.standard_webhooks import StandardWebhooks
from connectors.signatures.stripe import Stripe
from connectors.signatures.tokens import Basic, Bearer, Telegram, Token
from connectors.signatures.twilio import Twilio
from connectors.signatures.unsigned import Unsigned
from worker.errors import SettingsError

SCHEMES: Mapping[str, type[Scheme]] = {
    scheme.name: scheme
    for scheme in (
        AmazonSns,
        Basic,
        Bearer,
        ClientCertificate,
        Genesys,
        GitHub,
        Hmac,
        HubSpot,
        Mailgun,
        Meta,
        SendGrid,
        Shopify,
        Slack,
        StandardWebhooks,
        Stripe,
        Telegram,
        Token,
        Twilio,
        Typeform,
        Unsigned,
        Zendesk,
    )
}


def build_scheme(written: str | Mapping[str, JsonValue], path: str) -> Scheme:
    """Return the scheme that `verify = "NAME"` or `verify = { scheme = "NAME", … }` asks for.

    Raises SettingsError with the path of each wrong key.
    """
    options = {"scheme": written} if isinstance(written, str) else dict(written)
    name = options.pop("scheme", None)
    if not isinstance(name, str) or name not in SCHEMES:
        known = ", ".join(sorted(SCHEMES))
        raise SettingsError(f"{path} asks for the scheme {name!r}, but there is: {known}")
    try:
        return SCHEMES[name].model_validate(options)
    except ValidationError as error:
        raise SettingsError(explain(error, path)) from error


def check_secrets(scheme: Scheme, secrets: Sequence[str], path: str) -> None:
    """Raise SettingsError if the scheme cannot work with a channel's secrets; it never shows one."""
    if scheme.needs_secrets and not secrets:
        raise SettingsError(f"{path}: the scheme {scheme.name!r} needs at least one")
    if secrets and not scheme.needs_secrets:
        raise SettingsError(f"{path}: the scheme {scheme.name!r} has no use for a secret")
    if not all(secrets):
        raise SettingsError(f"{path}: a secret is empty")
    found = [(index, scheme.flaw(secret)) for index, secret in enumerate(secrets)]
    flaws = [f"{path}.{index}: it {flaw}" for index, flaw in found if flaw]
    if flaws:
        raise SettingsError(f"{'; '.join(flaws)} (scheme {scheme.name!r})")
