"""Keyed: an HMAC in a header, which is what most senders do; each of them in a way of its own."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Annotated, ClassVar, Literal, Self

from pydantic import StringConstraints, model_validator

from connectors.base import Delivery, Evidence
from connectors.headers import HeaderName
from connectors.signatures.freshness import TOLERANCE_S, Tolerance, check_fresh, seconds
from connectors.signatures.mac import fits
from connectors.signatures.reading import from_base64, from_hex, header
from connectors.signatures.scheme import Scheme, first, octets, refused

_FIELD = re.compile(r"(\{[^{}]*\})")
_FIELDS = frozenset({"{body}", "{method}", "{timestamp}", "{url}"})
_DECODERS: Mapping[str, Callable[[str], bytes | None]] = {
    "text": octets,
    "hex": binascii.unhexlify,
    "base64": partial(base64.b64decode, validate=True),
}


class Hmac(Scheme):
    """The HMAC of what the sender says it signs. RFC 2104; the rest is each sender's own."""

    name: ClassVar[str] = "hmac"

    #: The header it stands in.
    header: HeaderName = "X-Signature-256"
    #: The digest beneath it.
    digest: Literal["sha1", "sha256", "sha512"] = "sha256"
    #: How its bytes are written.
    encoding: Literal["hex", "base64"] = "hex"
    #: What stands before it; if nothing is said, the digest's name and `=` may stand there or not.
    prefix: Annotated[str, StringConstraints(max_length=100)] | None = None
    #: The header that says when it was signed.
    timestamp_header: HeaderName | None = None
    #: What is signed: text with `{body}`, `{timestamp}`, `{method}` and `{url}` in it.
    signed: Annotated[str, StringConstraints(max_length=200)] = "{body}"
    #: How the channel's secrets are written, where the key is not just their text.
    secret_encoding: Literal["text", "hex", "base64"] = "text"  # noqa: S105 - a way of writing
    #: Seconds that its time and our clock may lie apart.
    tolerance_s: Tolerance = TOLERANCE_S

    @model_validator(mode="after")
    def _signs_what_matters(self) -> Self:
        fields = [part for part in _split(self.signed) if part.startswith("{")]
        if unknown := set(fields) - _FIELDS:
            known = ", ".join(sorted(_FIELDS))
            raise ValueError(f"`signed` has {', '.join(sorted(unknown))}, but there is: {known}")
        if "{body}" not in fields:
            raise ValueError("`signed` has no {body}, so anybody could change it")
        if (self.timestamp_header is not None) != ("{timestamp}" in fields):
            raise ValueError("`timestamp_header` and {timestamp} in `signed` are of use only together")
        return self

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing public is needed
        """See `Scheme.prove`."""
        return self.prove_within(self.tolerance_s, delivery, secrets)

    def prove_within(self, tolerance_s: int, delivery: Delivery, secrets: Sequence[str]) -> int:
        """Do the same with another tolerance."""
        given = self._given(header(delivery, self.header))
        timestamp = header(delivery, self.timestamp_header) if self.timestamp_header else ""
        content = self._content(delivery, timestamp)
        fitting = first(fits(self._key(secret), content, [given], self.digest) for secret in secrets)
        if self.timestamp_header:
            check_fresh(seconds(timestamp), delivery, tolerance_s)
        return fitting

    def flaw(self, secret: str) -> str:
        """See `Scheme.flaw`."""
        if self._key(secret) is None:
            return f"is not {self.secret_encoding}"
        return ""

    def _given(self, value: str) -> bytes:
        prefix = f"{self.digest}=" if self.prefix is None else self.prefix
        if value.lower().startswith(prefix.lower()):
            value = value[len(prefix) :]
        elif self.prefix is not None:
            raise refused(f"{self.header} does not begin with {prefix}")
        return from_hex(value, self.header) if self.encoding == "hex" else from_base64(value, self.header)

    def _content(self, delivery: Delivery, timestamp: str) -> bytes:
        if self.signed == "{body}":
            return delivery.body
        values = {
            "{body}": delivery.body,
            "{timestamp}": timestamp.encode(),
            "{method}": delivery.method.encode(errors="replace"),
            "{url}": delivery.url.encode(errors="replace"),
        }
        return b"".join(values[part] if part in values else part.encode() for part in _split(self.signed))

    def _key(self, secret: str) -> bytes | None:
        try:
            return _DECODERS[self.secret_encoding](secret) or None
        except ValueError:
            return None


@lru_cache(maxsize=256)
def _split(signed: str) -> tuple[str, ...]:
    return tuple(_FIELD.split(signed))


class Keyed(Scheme):
    """A sender whose way of signing is known."""

    recipe: ClassVar[Hmac]

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:
        """See `Scheme.prove`."""
        return self.recipe.prove(delivery, secrets, evidence)


class Timed(Keyed):
    """A sender whose way of signing is known, and has a time in it."""

    #: Seconds that its time and our clock may lie apart.
    tolerance_s: Tolerance = TOLERANCE_S

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing public is needed
        """See `Scheme.prove`."""
        return self.recipe.prove_within(self.tolerance_s, delivery, secrets)


class GitHub(Keyed):
    """GitHub Docs, "Validating webhook deliveries"."""

    name: ClassVar[str] = "github"
    recipe: ClassVar[Hmac] = Hmac(header="X-Hub-Signature-256", prefix="sha256=")


class HubSpot(Timed):
    """HubSpot developer docs, "Validating requests", version 3 of the signature."""

    name: ClassVar[str] = "hubspot"
    recipe: ClassVar[Hmac] = Hmac(
        header="X-HubSpot-Signature-v3",
        encoding="base64",
        prefix="",
        timestamp_header="X-HubSpot-Request-Timestamp",
        signed="{method}{url}{body}{timestamp}",
    )


class Shopify(Keyed):
    """Shopify developer documentation, "Verify webhook deliveries"."""

    name: ClassVar[str] = "shopify"
    recipe: ClassVar[Hmac] = Hmac(header="X-Shopify-Hmac-Sha256", encoding="base64", prefix="")


class Slack(Timed):
    """Slack developer docs, "Verifying requests from Slack"."""

    name: ClassVar[str] = "slack"
    recipe: ClassVar[Hmac] = Hmac(
        header="X-Slack-Signature",
        prefix="v0=",
        timestamp_header="X-Slack-Request-Timestamp",
        signed="v0:{timestamp}:{body}",
    )


class Typeform(Keyed):
    """Typeform developers, "Secure your webhooks"."""

    name: ClassVar[str] = "typeform"
    recipe: ClassVar[Hmac] = Hmac(header="Typeform-Signature", encoding="base64", prefix="sha256=")


class Zendesk(Timed):
    """Zendesk developer docs, "Verifying the authenticity of webhook requests"."""

    name: ClassVar[str] = "zendesk"
    recipe: ClassVar[Hmac] = Hmac(
        header="X-Zendesk-Webhook-Signature",
        encoding="base64",
        prefix="",
        timestamp_header="X-Zendesk-Webhook-Signature-Timestamp",
        signed="{timestamp}{body}",
    )
