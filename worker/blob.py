"""Blobs: bytes that are kept whole because a command refers to them, named by their own hash."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_NAME: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,63})/([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, order=True)
class BlobName:
    """Where a blob is found. Each channel has its own, because each says how long it keeps them."""

    channel: str
    #: The SHA-256 of the bytes, 64 hex digits.
    digest: str

    @classmethod
    def of(cls, channel: str, content: bytes) -> "BlobName":
        """Return the name of a channel's bytes."""
        return cls(channel, hashlib.sha256(content).hexdigest())

    @classmethod
    def read(cls, written: str) -> "BlobName | None":
        """Return the name that `str` wrote, None for anything else."""
        found = _NAME.fullmatch(written)
        return cls(found[1], found[2]) if found else None

    def __str__(self) -> str:
        return f"{self.channel}/{self.digest}"


@dataclass(frozen=True, slots=True)
class BlobHead:
    """A blob without its bytes."""

    name: BlobName
    #: When it was put last, aware.
    stored_at: datetime
    #: In bytes.
    size: int


@dataclass(frozen=True, slots=True)
class ObjectName:
    """Where a provider left something, by its own word."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"
