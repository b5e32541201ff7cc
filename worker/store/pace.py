"""Counting at a pace: how counts grow, and fold into larger spans. Pure; the twin of `lua/pace.lua`."""

from dataclasses import dataclass
from typing import Final

from worker.pace import Bucket, Counted, Pace, Span


@dataclass(frozen=True, slots=True)
class _Kept:
    """How many spans of a length stand by themselves, and what they fold into."""

    span: Span
    keep: int
    into: Span | None = None


#: A few more than are shown, because the present one has only begun.
_KEPT: Final = (_Kept(Span.MINUTE, 20, Span.HOUR), _Kept(Span.HOUR, 26, Span.DAY), _Kept(Span.DAY, 8))


def counted(pace: Pace, what: Counted, count: int, now: int) -> Pace:
    """Return the pace after so many more at `now`, in milliseconds."""
    counts = dict(pace.counts)
    _add(counts, Bucket(Span.MINUTE, now // 60_000, what), count)
    for kept in _KEPT:
        oldest = now // (kept.span.seconds * 1000) - kept.keep
        for bucket in [each for each in counts if each.span is kept.span and each.number <= oldest]:
            folded = counts.pop(bucket)
            if kept.into:
                number = bucket.number * kept.span.seconds // kept.into.seconds
                _add(counts, Bucket(kept.into, number, bucket.what), folded)
    return Pace(counts)


def read(stored: dict[bytes, bytes]) -> Pace:
    """Return what stands in Redis: `<span>:<number>:<what>` → count."""
    counts = {}
    for name, count in stored.items():
        span, number, what = name.decode().split(":")
        counts[Bucket(Span(span), int(number), Counted(what))] = int(count)
    return Pace(counts)


def _add(counts: dict[Bucket, int], bucket: Bucket, count: int) -> None:
    counts[bucket] = counts.get(bucket, 0) + count
