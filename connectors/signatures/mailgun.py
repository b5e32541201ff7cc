"""Mailgun: the proof stands among the body's own fields."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import JsonValue

from connectors.base import Delivery, Evidence, UnreadableDelivery
from connectors.fields import Fields, read_fields
from connectors.signatures.freshness import TOLERANCE_S, Tolerance, check_fresh, seconds
from connectors.signatures.mac import fits
from connectors.signatures.reading import from_hex
from connectors.signatures.scheme import Scheme, first, octets, refused
from connectors.webhook.document import read
from connectors.webhook.form import is_form

# A token has 50 characters, a signature 64.
_FIELD_MAX = 200
_PROOF = ("timestamp", "token", "signature", "parent-signature")


class Mailgun(Scheme):
    """Mailgun documentation, "Securing webhooks".

    Signed are a time and a random token, not the rest of the body: Mailgun proves that it sends, and only TLS
    that nothing was changed. Events are JSON with the proof under `signature`; routes post it as fields of
    a form.
    """

    name: ClassVar[str] = "mailgun"

    #: Seconds that its time and our clock may lie apart.
    tolerance_s: Tolerance = TOLERANCE_S

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing public is needed
        """See `Scheme.prove`."""
        fields = _fields(delivery)
        timestamp, token = _text(fields, "timestamp"), _text(fields, "token")
        names = ["signature"]
        if "parent-signature" in fields:
            # What a subaccount sends is signed with the key of its parent too.
            names.append("parent-signature")
        given = [from_hex(_text(fields, name), name) for name in names]
        content = (timestamp + token).encode()
        fitting = first(fits(octets(secret), content, given) for secret in secrets)
        check_fresh(seconds(timestamp), delivery, self.tolerance_s)
        return fitting


def _fields(delivery: Delivery) -> Mapping[str, JsonValue]:
    kind = delivery.headers.get("content-type", "")
    try:
        if is_form(kind):
            return _of_form(read_fields(delivery.body, kind))
        document = read(delivery.body)
    except UnreadableDelivery as error:
        raise refused(f"the proof cannot be found: {error}") from error
    proof = document.get("signature") if isinstance(document, dict) else None
    if not isinstance(proof, dict):
        raise refused("the body has no object `signature`")
    return proof


def _of_form(fields: Fields) -> Mapping[str, JsonValue]:
    """Return the fields of the proof; the others are a mail in any charset, with its attachments."""
    found = {name: fields.all(name) for name in _PROOF}
    return {name: each[0].text if len(each) == 1 else None for name, each in found.items() if each}


def _text(fields: Mapping[str, JsonValue], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _FIELD_MAX:
        raise refused(f"the field {name} is no text of 1 to {_FIELD_MAX} characters")
    return value
