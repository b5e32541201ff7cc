"""Twilio: an HMAC of the URL, with the form's fields behind it or the body's hash in its query."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import ClassVar, Final
from urllib.parse import urlsplit

from connectors.base import Delivery, Evidence
from connectors.signatures.mac import fits
from connectors.signatures.reading import Pairs, form, from_base64, header, is_form, only, query
from connectors.signatures.scheme import Scheme, first, octets, refused

_PORTS: Final = {"http": 80, "https": 443}
_DIGESTS: Final = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_SETTINGS: Final = "X-Twilio-Webhooks-Signature-Settings"


class Twilio(Scheme):
    """Twilio Docs, "Webhooks security", section "Validating signatures from Twilio".

    The URL is the one that Twilio was given, so `http.public_url` or a trusted proxy has to tell it. Twilio
    is not consistent about its port: both with and without it will do.
    """

    name: ClassVar[str] = "twilio"

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing public is needed
        """See `Scheme.prove`."""
        given = from_base64(header(delivery, "X-Twilio-Signature"), "X-Twilio-Signature")
        digest = _digest(delivery)
        fields = _fields(delivery)
        contents = [(url + fields).encode(errors="replace") for url in _spellings(delivery.url)]
        return first(
            True in [fits(octets(secret), content, [given], digest) for content in contents]
            for secret in secrets
        )


def _digest(delivery: Delivery) -> str:
    """Return the digest: SHA-1 with an account's auth token, else what the key that is named goes with."""
    if _SETTINGS not in delivery.headers:
        return "sha1"
    parts = header(delivery, _SETTINGS).split(",")
    pairs = [(name.strip(), value.strip()) for name, _, value in (part.partition("=") for part in parts)]
    named = only(pairs, "algorithm")
    if named not in _DIGESTS:
        raise refused(f"{_SETTINGS} names an algorithm that is not known")
    return _DIGESTS[named]


def _fields(delivery: Delivery) -> str:
    """Return what stands behind the URL, once the body is tied to it."""
    parameters = query(delivery)
    is_hashed = any(name == "bodySHA256" for name, _ in parameters)
    if is_hashed:
        expected = hashlib.sha256(delivery.body).hexdigest()
        given = only(parameters, "bodySHA256").lower()
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise refused("bodySHA256 is not the body's")
    if is_form(delivery):
        return _written(form(delivery))
    if delivery.body and not is_hashed:
        raise refused("the body is neither a form nor named by bodySHA256 in the URL")
    return ""


def _written(fields: Pairs) -> str:
    return "".join(name + value for name, value in sorted(set(fields)))


def _spellings(url: str) -> tuple[str, str]:
    """Return the URL with and without its port. Raises Refused."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise refused("the URL cannot be read") from error
    if port is None:
        if parts.scheme not in _PORTS:
            raise refused("the URL is neither http nor https")
        return url, url.replace(parts.netloc, f"{parts.netloc}:{_PORTS[parts.scheme]}", 1)
    return url, url.replace(parts.netloc, parts.netloc.rpartition(":")[0], 1)
