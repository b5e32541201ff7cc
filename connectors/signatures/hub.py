"""Hub: senders that sign as WebSub's hubs do (X-Hub-Signature), with something of their own."""

from collections.abc import Sequence
from typing import ClassVar, Final

from connectors.base import Delivery, Evidence
from connectors.signatures.keyed import Hmac
from connectors.signatures.mac import fits
from connectors.signatures.reading import from_base64, from_hex, header, only, query
from connectors.signatures.scheme import Scheme, first, octets, refused
from connectors.signatures.tokens import fitting

_PAYLOAD: Final = Hmac(header="X-Hub-Signature-256", prefix="sha256=")


class Meta(Scheme):
    """Meta for Developers, "Webhooks: Getting started": validating payloads, and verification requests.

    A GET is Meta asking whether the channel is there: it has to bring one of the secrets as its verify token.
    """

    name: ClassVar[str] = "meta"

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:
        """See `Scheme.prove`."""
        if delivery.method != "GET":
            return _PAYLOAD.prove(delivery, secrets, evidence)
        if delivery.body:
            raise refused("a verification request has a body")
        parameters = query(delivery)
        if only(parameters, "hub.mode") != "subscribe":
            raise refused("hub.mode is not subscribe")
        return fitting(only(parameters, "hub.verify_token"), secrets)


_DIGEST_BYTES: Final = {"sha1": 20, "sha256": 32}


class Genesys(Scheme):
    """Genesys Multicloud CX, "Third-party messaging webhook", and Cloud, "Validate webhook notifications".

    The former names the digest in `X-Hub-Signature` and leaves open how it is written; the latter writes
    SHA-256 in base64 into `X-Hub-Signature-256`. Hex and base64 cannot be mistaken for one another.
    """

    name: ClassVar[str] = "genesys"

    #: Whether SHA-1 is good enough. It still is for an HMAC, and the older product sends nothing better.
    sha1: bool = True

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing public is needed
        """See `Scheme.prove`."""
        newer = "X-Hub-Signature-256"
        name = newer if newer in delivery.headers else "X-Hub-Signature"
        digest, _, written = header(delivery, name).partition("=")
        digest = digest.lower()
        if digest not in _DIGEST_BYTES or (digest == "sha1" and (name == newer or not self.sha1)):
            raise refused(f"{name} is not made with a digest that is taken")
        is_hex = len(written) == 2 * _DIGEST_BYTES[digest]
        given = from_hex(written, name) if is_hex else from_base64(written, name)
        return first(fits(octets(secret), delivery.body, [given], digest) for secret in secrets)
