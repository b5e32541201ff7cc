"""Links: addresses that lead whoever has them to one whole message, and to no other.

A link says which blob it means and proves by a signature that we made it. It has no date of its own, because
the same mail has to give equal commands; its time is counted from the moment its message was kept.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from worker.blob import BlobName

#: What every link's path begins with.
PREFIX: Final = "/mail/"

# Half of the hash: nobody guesses 128 bits, and links stay short (RFC 2104, section 5).
_SIGNATURE_BYTES: Final = 16
_PURPOSE: Final = b"openmedia-bridge mail link\0"
_DIGEST_BYTES: Final = 32

#: Returns the keys as they are now; the first one signs.
Keys = Callable[[], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links, and knows its own again."""

    #: What agents know our HTTP door by, as in `https://bridge.example.com`.
    base: str
    keys: Keys = field(repr=False)

    def to(self, channel: str, content: bytes) -> str:
        """Return the link to a channel's message; the same message has the same link."""
        name = BlobName.of(channel, content)
        digest = bytes.fromhex(name.digest)
        return f"{self.base}{PREFIX}{channel}/{_text(digest)}.{_text(_sign(self.keys()[0], name))}"

    def read(self, channel: str, token: str) -> BlobName | None:
        """Return which blob a link means, None where it is none of ours."""
        written, _, signature = token.partition(".")
        digest, given = _bytes(written), _bytes(signature)
        if len(digest) != _DIGEST_BYTES:
            return None
        name = BlobName.read(f"{channel}/{digest.hex()}")
        if name is None:
            return None
        fits = [hmac.compare_digest(_sign(key, name), given) for key in self.keys()]
        return name if any(fits) else None


def _sign(key: str, name: BlobName) -> bytes:
    signed = hmac.new(key.encode("utf-8", "surrogateescape"), _PURPOSE + str(name).encode(), hashlib.sha256)
    return signed.digest()[:_SIGNATURE_BYTES]


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Return what `_text` wrote; nothing for any other writing, so that a link has one writing only."""
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
    return content if _text(content) == text else b""
