"""The signature: proves to a receiver that an event is ours, as Standard Webhooks has it (`v1`). Pure."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from worker.errors import SettingsError

_PREFIX: Final = "whsec_"
#: What the specification asks of a secret.
_FEWEST_BYTES: Final = 24
_MOST_BYTES: Final = 64


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for. Raises SettingsError, without the secret in it."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError as error:
        raise SettingsError(f"the secret is not base64 behind {_PREFIX}") from error
    if not secret.startswith(_PREFIX) or not _FEWEST_BYTES <= len(key) <= _MOST_BYTES:
        raise SettingsError(
            f"the secret must be {_PREFIX} and {_FEWEST_BYTES} to {_MOST_BYTES} bytes in base64; "
            f"this one has {len(key)} bytes"
        )
    return key


def sign(event_id: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> str:
    """Return one signature for each secret, so that one can be replaced without an outage.

    Raises SettingsError for a secret that is none.
    """
    content = f"{event_id}.{timestamp}.".encode() + body
    digests = [hmac.new(key_of(secret), content, hashlib.sha256).digest() for secret in secrets]
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
