"""The senders' side of every scheme: signs by the owners' SDKs, or by code that shares none with ours.

`sign(verify, delivery, secret)` takes what a channel has for `verify`, and one of its secrets, and returns
the delivery as a genuine sender would hand it over. Where the proof stands in the body or in the URL, that
changes too.

Two schemes prove with public keys, so their secrets are not free to choose: take them from `SENDGRID_SECRETS`
and `ED25519_SECRETS`. Amazon SNS proves with a certificate: build the channel with `SNS_EVIDENCE` as its
evidence. The keys of secrets are the same in every run, so secrets may be written into fixtures.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from slack_sdk.signature import SignatureVerifier
from standardwebhooks import Webhook
from stripe import WebhookSignature
from twilio.request_validator import RequestValidator

from connectors.base import Delivery
from connectors.headers import Headers

SNS_CERTIFICATE_URL = (
    "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
)
FORM = "application/x-www-form-urlencoded"

_EC_KEYS = tuple(ec.derive_private_key(number, ec.SECP256R1()) for number in (11, 12))
_ED_KEYS = tuple(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (11, 12))


def _spki(key: ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


#: Two verification keys of SendGrid, as its settings page shows them.
SENDGRID_SECRETS = tuple(map(_spki, _EC_KEYS))
#: Two public keys of Standard Webhooks' asymmetric signatures.
ED25519_SECRETS = tuple(
    "whpk_" + base64.b64encode(key.public_key().public_bytes_raw()).decode() for key in _ED_KEYS
)


def sign(verify: str | Mapping[str, Any], delivery: Delivery, secret: str = "") -> Delivery:
    """Return the delivery, signed at the moment of its arrival."""
    options = {"scheme": verify} if isinstance(verify, str) else dict(verify)
    return SIGNERS[options.pop("scheme")](delivery, secret, options)


def _none(delivery: Delivery, _secret: str, _options: dict[str, Any]) -> Delivery:
    return delivery


def _hmac(delivery: Delivery, secret: str, options: dict[str, Any]) -> Delivery:
    digest = options.get("digest", "sha256")
    arrived = delivery.arrived_at
    timestamp = {
        "X-Zendesk-Webhook-Signature-Timestamp": arrived.isoformat().replace("+00:00", "Z"),
        "X-HubSpot-Request-Timestamp": str(int(arrived.timestamp() * 1000)),
    }.get(options.get("timestamp_header", ""), str(int(arrived.timestamp())))
    content = options.get("signed", "{body}").encode()
    for name, value in (
        (b"{timestamp}", timestamp.encode()),
        (b"{method}", delivery.method.encode()),
        (b"{url}", delivery.url.encode()),
        (b"{body}", delivery.body),
    ):
        content = content.replace(name, value)
    key = {"hex": bytes.fromhex, "base64": base64.b64decode, "text": str.encode}[
        options.get("secret_encoding", "text")
    ](secret)
    raw = hmac.new(key, content, getattr(hashlib, digest)).digest()
    text = base64.b64encode(raw).decode() if options.get("encoding") == "base64" else raw.hex()
    prefix = options.get("prefix", f"{digest}=")
    signed = _with(delivery, options.get("header", "X-Signature-256"), prefix + text)
    header = options.get("timestamp_header")
    return _with(signed, header, timestamp) if header else signed


def _row(**options: str) -> "Signer":
    return lambda delivery, secret, _options: _hmac(delivery, secret, options)


def _slack(delivery: Delivery, secret: str, _options: dict[str, Any]) -> Delivery:
    timestamp = _seconds(delivery)
    if _is_text(delivery.body):
        signature = (
            SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=delivery.body) or ""
        )
    else:
        signature = "v0=" + _sha256(secret.encode(), f"v0:{timestamp}:".encode() + delivery.body).hex()
    return _with(_with(delivery, "X-Slack-Request-Timestamp", timestamp), "X-Slack-Signature", signature)


def _stripe(delivery: Delivery, secret: str, _options: dict[str, Any]) -> Delivery:
    timestamp = _seconds(delivery)
    if _is_text(delivery.body):
        header = WebhookSignature.generate_signature_header(delivery.body.decode(), secret, timestamp)
    else:
        signature = _sha256(secret.encode(), f"{timestamp}.".encode() + delivery.body).hex()
        header = f"t={timestamp},v1={signature}"
    return _with(delivery, "Stripe-Signature", header)


def _standard(delivery: Delivery, secret: str, _options: dict[str, Any]) -> Delivery:
    identifier = delivery.headers.get("webhook-id", "msg_" + hashlib.sha256(delivery.body).hexdigest()[:24])
    content = f"{identifier}.{_seconds(delivery)}.".encode() + delivery.body
    if secret.startswith("whpk_"):
        key = _ED_KEYS[ED25519_SECRETS.index(secret)]
        signature = "v1a," + base64.b64encode(key.sign(content)).decode()
    elif not _is_text(delivery.body):
        raw = _sha256(base64.b64decode(secret.removeprefix("whsec_")), content)
        signature = "v1," + base64.b64encode(raw).decode()
    else:
        signature = Webhook(secret).sign(identifier, delivery.arrived_at, delivery.body.decode())
    signed = _with(_with(delivery, "webhook-id", identifier), "webhook-timestamp", _seconds(delivery))
    return _with(signed, "webhook-signature", signature)


def _twilio(delivery: Delivery, secret: str, _options: dict[str, Any]) -> Delivery:
    parameters: _Parameters | None = None
    if delivery.headers.get("content-type", "").startswith(FORM):
        parameters = _Parameters(parse_qsl(delivery.body.decode(errors="replace"), keep_blank_values=True))
    elif delivery.body:
        joint = "&" if "?" in delivery.url else "?"
        digest = hashlib.sha256(delivery.body).hexdigest()
        delivery = replace(delivery, url=f"{delivery.url}{joint}bodySHA256={digest}")
    signature = RequestValidator(secret).compute_signature(delivery.url, parameters)
    return _with(delivery, "X-Twilio-Signature", signature)


class _Parameters(dict[str, list[str]]):
    """A form as Twilio's SDK takes it from web frameworks."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        for name, value in pairs:
            self.setdefault(name, []).append(value)

    def getall(self, name: str) -> list[str]:
        """Return every value of a field."""
        return self[name]


def _meta(delivery: Delivery, secret: str, _options: dict[str, Any]) -> Delivery:
    if delivery.method == "GET":
        asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": secret}
        path, _, query = delivery.url.partition("?")
        return replace(delivery, url=f"{path}?{urlencode({**asked, **dict(parse_qsl(query))})}")
    return _hmac(delivery, secret, {"header": "X-Hub-Signature-256"})


def _token(delivery: Delivery, secret: str, options: dict[str, Any]) -> Delivery:
    if "query" in options:
        joint = "&" if "?" in delivery.url else "?"
        return replace(delivery, url=f"{delivery.url}{joint}{options['query']}={quote(secret)}")
    return _with(delivery, options["header"], secret)


def _telegram(delivery: Delivery, secret: str, _options: dict[str, Any]) -> Delivery:
    return _with(delivery, "X-Telegram-Bot-Api-Secret-Token", secret)


def _basic(delivery: Delivery, secret: str, _options: dict[str, Any]) -> Delivery:
    return _with(delivery, "Authorization", "Basic " + base64.b64encode(secret.encode()).decode())


def _bearer(delivery: Delivery, secret: str, _options: dict[str, Any]) -> Delivery:
    return _with(delivery, "Authorization", f"Bearer {secret}")


def _mailgun(delivery: Delivery, secret: str, _options: dict[str, Any]) -> Delivery:
    timestamp = _seconds(delivery)
    token = hashlib.sha256(delivery.body).hexdigest()[:50]
    signature = hmac.new(secret.encode(), (timestamp + token).encode(), hashlib.sha256).hexdigest()
    proof = {"timestamp": timestamp, "token": token, "signature": signature}
    if delivery.headers.get("content-type", "").startswith(FORM):
        before = delivery.body + b"&" if delivery.body else b""
        return replace(delivery, body=before + urlencode(proof).encode())
    multipart = delivery.headers.get("content-type", "").partition("boundary=")[2]
    if multipart and delivery.body.endswith(f"--{multipart}--\r\n".encode()):
        parts = "".join(
            f'--{multipart}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in proof.items()
        )
        return replace(delivery, body=parts.encode() + delivery.body)
    if not delivery.body.endswith(b"}"):
        return delivery  # nothing that Mailgun could have sent
    before = delivery.body[:-1] + (b", " if delivery.body != b"{}" else b"")
    return replace(delivery, body=before + b'"signature": ' + json.dumps(proof).encode() + b"}")


def _sendgrid(delivery: Delivery, secret: str, _options: dict[str, Any]) -> Delivery:
    key = _EC_KEYS[SENDGRID_SECRETS.index(secret)]
    timestamp = _seconds(delivery)
    signature = key.sign(timestamp.encode() + delivery.body, ec.ECDSA(hashes.SHA256()))
    signed = _with(delivery, "X-Twilio-Email-Event-Webhook-Timestamp", timestamp)
    return _with(signed, "X-Twilio-Email-Event-Webhook-Signature", base64.b64encode(signature).decode())


def _sns(delivery: Delivery, _secret: str, _options: dict[str, Any]) -> Delivery:
    return sign_sns(delivery)


def sign_sns(delivery: Delivery, *, version: str = "2") -> Delivery:
    """Complete and sign a message of Amazon SNS; its `Timestamp` is the arrival unless it has one."""
    arrived = delivery.arrived_at.astimezone(UTC)
    message = {
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:eu-central-1:123456789012:tickets",
        "Timestamp": arrived.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **json.loads(delivery.body),
    }
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    if message["Type"] != "Notification":
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    content = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    algorithm: hashes.HashAlgorithm = {"1": hashes.SHA1(), "2": hashes.SHA256()}[version]  # noqa: S303 - as Amazon does
    signature = _sns_key().sign(content.encode(), padding.PKCS1v15(), algorithm)
    message |= {
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": SNS_CERTIFICATE_URL,
    }
    return replace(delivery, body=json.dumps(message).encode())


@cache
def _sns_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def sns_certificate(
    *, name: str = "sns.amazonaws.com", until: datetime = datetime(2036, 1, 1, tzinfo=UTC)
) -> bytes:
    """Return a certificate in PEM for the key that SNS messages are signed with."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(_sns_key().public_key())
        .serial_number(1)
        .not_valid_before(until - timedelta(days=20 * 365))
        .not_valid_after(until)
        .sign(_sns_key(), hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


class _SnsEvidence:
    """The certificate at its address; made when it is first asked for, because keys take their time."""

    def get(self, url: str) -> bytes | None:
        """See `connectors.base.Evidence.get`."""
        return _sns_pem() if url == SNS_CERTIFICATE_URL else None


@cache
def _sns_pem() -> bytes:
    return sns_certificate()


#: The evidence that signed SNS messages rest on.
SNS_EVIDENCE = _SnsEvidence()


def _with(delivery: Delivery, name: str, value: str) -> Delivery:
    """Return the delivery with a header in place of what stood there."""
    kept = [pair for pair in delivery.headers.pairs if pair[0].lower() != name.lower()]
    return replace(delivery, headers=Headers([*kept, (name, value)]))


def _is_text(body: bytes) -> bool:
    """Say whether the owners' SDKs can sign it: some take only text, though the owners sign any bytes."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _sha256(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()


def _seconds(delivery: Delivery) -> str:
    return str(int(delivery.arrived_at.timestamp()))


Signer = Callable[[Delivery, str, dict[str, Any]], Delivery]

SIGNERS: Mapping[str, Signer] = {
    "amazon-sns": _sns,
    "basic": _basic,
    "bearer": _bearer,
    "genesys": _row(header="X-Hub-Signature", digest="sha1"),
    "github": _row(header="X-Hub-Signature-256"),
    "hmac": _hmac,
    "hubspot": _row(
        header="X-HubSpot-Signature-v3",
        encoding="base64",
        prefix="",
        timestamp_header="X-HubSpot-Request-Timestamp",
        signed="{method}{url}{body}{timestamp}",
    ),
    "mailgun": _mailgun,
    "meta": _meta,
    "none": _none,
    "sendgrid": _sendgrid,
    "shopify": _row(header="X-Shopify-Hmac-Sha256", encoding="base64", prefix=""),
    "slack": _slack,
    "standard-webhooks": _standard,
    "stripe": _stripe,
    "telegram": _telegram,
    "token": _token,
    "twilio": _twilio,
    "typeform": _row(header="Typeform-Signature", encoding="base64"),
    "zendesk": _row(
        header="X-Zendesk-Webhook-Signature",
        encoding="base64",
        prefix="",
        timestamp_header="X-Zendesk-Webhook-Signature-Timestamp",
        signed="{timestamp}{body}",
    ),
}
