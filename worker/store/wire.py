"""The wire form: how times, commands and history lines stand in Redis, and back."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import orjson
from pydantic import ValidationError

from worker.commands import Command, decode, guard_of
from worker.interactions import Interaction
from worker.lanes import Entry, Queued
from worker.notices import Notice

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def millis(moment: datetime) -> int:
    """Return a moment as milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def moment(millis: float) -> datetime:
    """Return the moment so many milliseconds after 1970."""
    return _EPOCH + timedelta(milliseconds=int(millis))


def queued(item: bytes) -> Queued:
    """Read one element of a lane: `sequence|receipt|accepted|command`."""
    sequence, receipt_id, accepted, body = item.split(b"|", 3)
    try:
        command = decode(body)
    except ValidationError:
        # A newer bridge wrote it: it is left in its lane for a worker that can read it.
        command = None
    return Queued(int(sequence), receipt_id.decode(), moment(int(accepted)), command)


def record(interaction: Interaction) -> bytes:
    """Return a ledger row as JSON, without what it does not say."""
    return interaction.model_dump_json(exclude_defaults=True).encode()


def interaction(service: str, external_id: str, stored: bytes | None) -> Interaction | None:
    """Read a ledger row: a conversation without one is new; None when a newer bridge wrote it."""
    if not stored:
        return Interaction(service=service, external_id=external_id)
    try:
        return Interaction.model_validate_json(stored)
    except ValidationError:
        return None


def line(entry: Entry) -> bytes:
    """Return a history entry as one line of JSON, without what it does not say."""
    said = {"at": entry.at, "event": entry.event, "sequence": entry.sequence}
    more = {"trace_id": entry.trace_id, "detail": entry.detail}
    try:
        return orjson.dumps(
            {**said, **{name: value for name, value in more.items() if value}},
            default=dict,
            option=orjson.OPT_UTC_Z,
        )
    except TypeError:
        # A number beyond 64 bits, which JSON allows and orjson does not write.
        return entry.model_dump_json(exclude_defaults=True).encode()


def entries(stored: Iterable[bytes]) -> tuple[Entry, ...]:
    """Read lines of history; one that a newer bridge wrote hides no other."""
    return tuple(entry for entry in map(_entry, stored) if entry is not None)


def _entry(stored: bytes) -> Entry | None:
    try:
        return Entry.model_validate_json(stored)
    except ValidationError:
        return None


def notice(told: Notice) -> bytes:
    """Return a notice as one line of JSON."""
    return told.model_dump_json(exclude_defaults=True).encode()


def read_notice(stored: bytes) -> Notice | None:
    """Read a notice; None when a newer bridge wrote it."""
    try:
        return Notice.model_validate_json(stored)
    except ValidationError:
        return None


def received(command: Command, now: datetime, *, letter_id: str = "") -> tuple[bytes, bytes]:
    """Return the history line of an arriving command, cut where the store puts its sequence number."""
    event, detail = arrival(command, letter_id=letter_id)
    start = orjson.dumps({"at": now, "event": event})
    rest = orjson.dumps({"trace_id": command.trace_id, "detail": detail})
    return start[:-1] + b',"sequence":', b"," + rest[1:]


def arrival(command: Command, *, letter_id: str = "") -> tuple[str, dict[str, str]]:
    """Return what the history says of a command that arrives, or comes back from the dead letters."""
    detail = {"kind": command.kind, "channel": command.channel}
    if guard := guard_of(command):
        detail["sweep"] = guard.sweep
    return ("replayed", {**detail, "letter": letter_id}) if letter_id else ("received", detail)
