"""Idempotency keys: what makes two deliveries the same one, with the channel's name in front."""

import hashlib

#: A key travels in the interaction's user data, so it is kept short.
KEY_BYTES = 500


def idempotency_key(channel: str, native: str | None, body: bytes) -> str:
    """Return the key for the sender's id of a delivery; without an id, for its exact bytes."""
    if native is None:
        return f"{channel}:sha256-{hashlib.sha256(body).hexdigest()}"
    key = f"{channel}:{native}"
    encoded = key.encode("utf-8", "surrogatepass")
    if len(encoded) <= KEY_BYTES:
        return key
    return f"{channel}:hash-{hashlib.sha256(encoded).hexdigest()}"
