"""SNS: signs its messages with a private key whose certificate Amazon publishes."""

import re
from collections.abc import Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Annotated, ClassVar, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pydantic import Field

from connectors.base import Delivery, Evidence, EvidenceNeeded, UnreadableDelivery
from connectors.signatures.freshness import Tolerance, check_fresh, seconds
from connectors.signatures.reading import from_base64
from connectors.signatures.scheme import Scheme, refused
from connectors.webhook.document import read

#: What is signed, in this order, by the kind of message; a subject only where there is one.
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
    "UnsubscribeConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
_DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 - what Amazon signs with unless it is told better

# A region's name and nothing else: anybody may put files on a host like sns.s3.amazonaws.com.
_REGION: Final = r"[a-z]{2,4}(?:-[a-z]{2,12}){1,2}-[0-9]{1,2}"
_DOMAIN: Final = r"amazonaws\.(?:com|com\.cn|eu)"
_HOST: Final = rf"https://sns\.{_REGION}\.{_DOMAIN}"
_CERTIFICATE_URL: Final = re.compile(_HOST + r"/SimpleNotificationService-[0-9a-f]{16,64}\.pem")
_SUBSCRIBE_URL: Final = re.compile(_HOST + r"/\?[!-~]{1,2000}")
# The names of Amazon's certificates, as its own SDK expects them in its many regions.
_NAME: Final = re.compile(rf"sns(?:-{_REGION}|-signing\.{_REGION})?\.{_DOMAIN}")
_LEAST_BITS: Final = 2048

#: A message of SNS, all text.
_Message = dict[str, str]


class AmazonSns(Scheme):
    """Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS messages".

    The signature shows that Amazon sends for some topic, of whomsoever; whose it may be is ours to say. The
    certificate comes from Amazon's own host by TLS. It stands there without those that vouch for it, so it is
    checked by itself: name, time, size of key.
    """

    name: ClassVar[str] = "amazon-sns"
    needs_secrets: ClassVar[bool] = False

    #: The topics whose messages are taken; `*` is any text, as in `arn:aws:sns:eu-west-1:123456789012:*`.
    topic_arns: Annotated[tuple[str, ...], Field(min_length=1)]
    #: Seconds that a message's time and our clock may lie apart; Amazon tries an hour and longer.
    tolerance_s: Tolerance = 3600

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - there are none
        """See `Scheme.prove`."""
        message = _message(delivery)
        self._check_topic(message["TopicArn"])
        digest, signature = _signature(message)
        content = _content(message)
        url = message.get("SigningCertURL", "")
        if not _CERTIFICATE_URL.fullmatch(url):
            raise refused("SigningCertURL leads elsewhere than to a certificate of Amazon SNS")
        document = evidence.get(url)
        if document is None:
            raise EvidenceNeeded(url)
        try:
            _key(document, delivery.arrived_at).verify(signature, content, padding.PKCS1v15(), digest)
        except InvalidSignature as error:
            raise refused("the signature does not fit Amazon's certificate") from error
        check_fresh(seconds(message["Timestamp"]), delivery, self.tolerance_s)
        return None

    def _check_topic(self, topic: str) -> None:
        if not any(fnmatchcase(topic, each) for each in self.topic_arns):
            raise refused(f"`topic_arns` does not name the topic {topic[:300]!r}")


def _message(delivery: Delivery) -> _Message:
    try:
        document = read(delivery.body)
    except UnreadableDelivery as error:
        raise refused(f"the proof cannot be found: {error}") from error
    fields = document.items() if isinstance(document, dict) else ()
    message = {name: value for name, value in fields if isinstance(value, str)}
    names = _SIGNED.get(message.get("Type", ""))
    if names is None:
        raise refused("the body is no message of Amazon SNS")
    missing = [name for name in names if name not in message and name != "Subject"]
    if missing:
        raise refused(f"the message has no {', '.join(missing)}")
    if "SubscribeURL" in names and not _SUBSCRIBE_URL.fullmatch(message["SubscribeURL"]):
        raise refused("SubscribeURL leads elsewhere than to Amazon SNS")
    return message


def _signature(message: _Message) -> tuple[hashes.HashAlgorithm, bytes]:
    version = message.get("SignatureVersion", "")
    if version not in _DIGESTS:
        raise refused("SignatureVersion is neither 1 nor 2")
    return _DIGESTS[version], from_base64(message.get("Signature", ""), "Signature")


def _content(message: _Message) -> bytes:
    names = [name for name in _SIGNED[message["Type"]] if name in message]
    return "".join(f"{name}\n{message[name]}\n" for name in names).encode()


def _key(document: bytes, now: datetime) -> rsa.RSAPublicKey:
    certificate = _certificate(document)
    key = certificate.public_key() if certificate else None
    if certificate is None or not isinstance(key, rsa.RSAPublicKey) or key.key_size < _LEAST_BITS:
        raise refused(f"at SigningCertURL is no certificate with an RSA key of {_LEAST_BITS} bits")
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise refused("Amazon's certificate is not valid at this time")
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    if not any(_NAME.fullmatch(str(name.value)) for name in names):
        raise refused("the certificate at SigningCertURL is not for Amazon SNS")
    return key


@lru_cache(maxsize=16)
def _certificate(document: bytes) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(document)
    except (ValueError, UnsupportedAlgorithm):
        return None
