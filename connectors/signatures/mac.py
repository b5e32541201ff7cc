"""Mac: compares HMACs, and takes the same time whatever it finds."""

import hmac
from collections.abc import Sequence


def fits(key: bytes | None, content: bytes, given: Sequence[bytes], digest: str = "sha256") -> bool:
    """Say whether one of the given bytes is the content's HMAC. No key fits nothing."""
    if key is None:
        return False
    expected = hmac.digest(key, content, digest)
    # A list, so that all are compared.
    return True in [hmac.compare_digest(expected, each) for each in given]
