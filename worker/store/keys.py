"""Keys: where each piece of state stands in Redis.

All keys of a partition carry the hash tag `{service/index}`, so that a script touches one Cluster slot.
"""

from dataclasses import dataclass
from functools import cache, cached_property

from worker.lanes import Partition


@dataclass(frozen=True)
class Keys:
    """The keys of one partition; those that stand for all of it are made once."""

    #: What every key of the partition begins with.
    prefix: str

    @staticmethod
    @cache
    def of(partition: Partition) -> "Keys":
        """Return the keys of a partition; the same ones every time, because a process has few."""
        return Keys(f"bridge:{{{partition.service}/{partition.index}}}:")

    @cached_property
    def due(self) -> str:
        """Sorted set: lane → milliseconds at which somebody should look at it next."""
        return self.prefix + "due"

    @cached_property
    def active(self) -> str:
        """Sorted set: open interaction → milliseconds of its last activity."""
        return self.prefix + "active"

    @cached_property
    def checked(self) -> str:
        """Sorted set: open interaction → milliseconds of its last check."""
        return self.prefix + "checked"

    @cached_property
    def enlisting(self) -> str:
        """String: how far the activity index was read for what is to be checked."""
        return self.prefix + "enlisting"

    @cached_property
    def unswept(self) -> str:
        """String: why a person paused the sweeps of the service."""
        return self.prefix + "unswept"

    @cached_property
    def gate(self) -> str:
        """Hash: the service's brake."""
        return self.prefix + "gate"

    @cached_property
    def out(self) -> str:
        """Sorted set: lane → end of its lease."""
        return self.prefix + "out"

    @cached_property
    def bell(self) -> str:
        """String: milliseconds until which nobody needs to ring."""
        return self.prefix + "bell"

    @cached_property
    def dead(self) -> str:
        """Sorted set: dead letter → milliseconds of its burial."""
        return self.prefix + "dead"

    @cached_property
    def tally(self) -> str:
        """Hash: counter → count."""
        return self.prefix + "tally"

    @cached_property
    def outbox(self) -> str:
        """Stream: notices that were not passed on to the subscriptions."""
        return self.prefix + "outbox"

    @cached_property
    def pace(self) -> str:
        """Hash: what was counted in each minute, hour and day."""
        return self.prefix + "pace"

    @cached_property
    def paces(self) -> str:
        """Sorted set: channel → milliseconds at which anything of it was counted last."""
        return self.prefix + "paces"

    @cached_property
    def recent(self) -> str:
        """Sorted set: the last conversations of which anything was heard → milliseconds of that."""
        return self.prefix + "recent"

    def pace_of(self, channel: str) -> str:
        """Hash: what was counted of one channel."""
        return f"{self.pace}:{channel}"

    def clue(self, clue: str) -> str:
        """Sorted set: conversation to which a clue leads → milliseconds at which it last did."""
        return f"{self.prefix}clue:{clue}"

    def lane(self, external_id: str) -> str:
        """List: the waiting commands of a conversation."""
        return f"{self.prefix}lane:{external_id}"

    def row(self, external_id: str) -> str:
        """Hash: a conversation's ledger row and the state of its lane."""
        return f"{self.prefix}row:{external_id}"

    def history(self, external_id: str) -> str:
        """List: one JSON line for each thing that happened to a conversation."""
        return f"{self.prefix}history:{external_id}"

    def keys(self, external_id: str) -> str:
        """Hash: digest of an idempotency key → what was said under it, kept while the conversation lives."""
        return f"{self.prefix}keys:{external_id}"

    def told(self, bucket: str) -> str:
        """Hash: digest of an idempotency key → what was said under it, kept for the key's window."""
        return f"{self.prefix}told:{bucket}"

    def seen(self, idempotency_key: str) -> str:
        """String: the same, as a bridge before 0.2 wrote it, one for each key. Only read."""
        return f"{self.prefix}seen:{idempotency_key}"

    def letter(self, letter_id: str) -> str:
        """Hash: a dead letter."""
        return f"{self.prefix}letter:{letter_id}"

    def token(self, token: str) -> str:
        """List or string: what one call of a verb did, for its repetition."""
        return f"{self.prefix}token:{token}"
