"""The kinds of inbound mail, as a table to be read."""

from collections.abc import Mapping
from typing import Final

from connectors.inbound import brevo, mailgun, mailjet, mime, postmark, sendgrid, ses
from connectors.inbound.connector import builder
from connectors.kind import Kind

_ADDRESSES: Final = '# The recipients whose mail this channel takes.\naddresses = ["support@example.com"]\n'
_PASSWORD: Final = "user:password, as they stand in the webhook's URL"  # noqa: S105 - words about a secret

INBOUND: Final[Mapping[str, Kind]] = {
    "brevo-inbound": Kind(
        builder(brevo.unwrap), "Mail that Brevo receives", verify="basic", secret=_PASSWORD, sample=_ADDRESSES
    ),
    "mailgun-inbound": Kind(
        builder(mailgun.unwrap),
        "Mail that Mailgun's routes forward",
        verify="mailgun",
        secret="the HTTP webhook signing key",  # noqa: S106 - words about a secret
        sample=_ADDRESSES,
    ),
    "mailjet-inbound": Kind(
        builder(mailjet.unwrap),
        "Mail that Mailjet's Parse API receives",
        verify="basic",
        secret=_PASSWORD,
        sample=_ADDRESSES,
    ),
    "mime": Kind(
        builder(mime.unwrap), "Raw mail by HTTP (message/rfc822)", makes_secret=True, sample=_ADDRESSES
    ),
    "postmark-inbound": Kind(
        builder(postmark.unwrap),
        "Mail that Postmark receives",
        verify="basic",
        secret=_PASSWORD,
        sample=_ADDRESSES,
    ),
    "sendgrid-inbound": Kind(
        builder(sendgrid.unwrap),
        "Mail that SendGrid's Inbound Parse receives",
        verify="sendgrid",
        secret="the public key of the security policy",  # noqa: S106 - words about a secret
        sample=_ADDRESSES,
    ),
    "ses-inbound": Kind(builder(ses.unwrap), "Mail that Amazon SES receives, by SNS", sample=_ADDRESSES),
}
