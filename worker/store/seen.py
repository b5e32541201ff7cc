"""Seen: what is remembered of an idempotency key, packed so that a week of them fits into memory.

A key is remembered under a digest, in one of a few thousand hashes (`told:<bucket>`): a small hash is one
piece of memory to Redis, and a large one still saves a name and a time to live for each key. The value is
packed as

    expires ms 6 · fingerprint 8 · sequence 4 · position 4 · accepted ms 6 · receipt · conversation

in bytes, numbers in network order. `append.lua` writes it, and reads what it compares. An older bridge wrote
text, each under a key of its own (`seen:<key>`): that is understood for as long as it is there.
"""

import hashlib
import re
import struct
from datetime import datetime
from functools import lru_cache
from typing import Final

from worker.lanes import Receipt, Seen
from worker.store import wire

_FACTS: Final = struct.Struct(">6s8sII6s")
_DIGEST_BYTES: Final = 12
_BUCKET_DIGITS: Final = 3
_RECEIPT: Final = re.compile(r"[0-9a-f]{32}")
_HASH: Final = re.compile(r"[0-9a-f]{22}")


def digest(key: str) -> bytes:
    """Return what stands for an idempotency key: the first 96 bits of its SHA-256.

    Two keys of one partition that share them would be one key to us, if they also share the 12 bits of
    their bucket. Among n keys the chance of that is about n² / 2¹⁰⁹: for the 60 million of a week at 100 a
    second, 1 in 10¹⁷. To meet a given key of another channel on purpose takes 2¹⁰⁸ tries.
    """
    return _sha(key)[:_DIGEST_BYTES]


def bucket(key: str) -> str:
    """Return which of a partition's 4,096 hashes remembers a key."""
    return _sha(key)[_DIGEST_BYTES:].hex()[:_BUCKET_DIGITS]


def fingerprint(digits: str) -> bytes:
    """Return a fingerprint as it is packed."""
    return bytes.fromhex(digits)


def receipt(receipt_id: str) -> bytes:
    """Return a receipt's id as it is packed: as 16 bytes where it is one of ours, otherwise as text."""
    if _RECEIPT.fullmatch(receipt_id):
        return b"\0" + bytes.fromhex(receipt_id)
    text = receipt_id.encode()
    return bytes([len(text)]) + text


def conversation(key: str, external_id: str) -> bytes:
    """Return a conversation as it is packed: as 11 bytes where it is a hash behind its key's channel."""
    begins = _channel(key)
    if external_id.startswith(begins) and _HASH.fullmatch(external_id, len(begins)):
        return b"\0" + bytes.fromhex(external_id[len(begins) :])
    return b"\1" + external_id.encode()


def read(service: str, external_id: str, key: str, stored: bytes, *, duplicate: bool = False) -> Seen:
    """Read what was said under a key, as the first answer or as its repetition.

    `external_id` is where the key was looked for; it stands in where an older bridge did not write it.
    """
    if stored[:1].isdigit():
        return _read_text(service, external_id, stored, duplicate=duplicate)
    expires, marks, *_ = _FACTS.unpack_from(stored)
    first = answer(service, external_id, key, stored, duplicate=duplicate)
    return Seen(first, marks.hex(), _moment(expires))


def answer(service: str, external_id: str, key: str, stored: bytes, *, duplicate: bool = False) -> Receipt:
    """Read no more than the receipt of what was said under a key, which is all that its sender is told."""
    if stored[:1].isdigit():
        return _read_text(service, external_id, stored, duplicate=duplicate).receipt
    _, _, sequence, position, accepted = _FACTS.unpack_from(stored)
    name, lane = _names(key, stored[_FACTS.size :])
    return Receipt(
        id=name,
        service=service,
        external_id=lane,
        sequence=sequence,
        position=position,
        accepted_at=_moment(accepted),
        duplicate=duplicate,
    )


def _names(key: str, packed: bytes) -> tuple[str, str]:
    size = packed[0]
    end = 1 + (size or 16)
    name = packed[1:end].decode() if size else packed[1:end].hex()
    rest = packed[end + 1 :]
    return name, rest.decode() if packed[end] else _channel(key) + rest.hex()


def _read_text(service: str, external_id: str, stored: bytes, *, duplicate: bool) -> Seen:
    """Read `expires|fingerprint|receipt|sequence|position|accepted|conversation`."""
    expires, marks, name, sequence, position, accepted, *named = stored.decode().split("|", 6)
    said = Receipt(
        id=name,
        service=service,
        external_id=named[0] if named else external_id,
        sequence=int(sequence),
        position=int(position),
        accepted_at=wire.moment(int(accepted)),
        duplicate=duplicate,
    )
    return Seen(said, marks, wire.moment(int(expires)))


def _moment(millis: bytes) -> datetime:
    return wire.moment(int.from_bytes(millis, "big"))


def _channel(key: str) -> str:
    return key.partition(":")[0] + "-"


# Whoever asks for a key's bucket asks for its digest next.
@lru_cache(maxsize=128)
def _sha(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
