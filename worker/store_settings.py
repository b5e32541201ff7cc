"""Store settings: where the store and the broker are, and what is asked of them."""

from pydantic import Field

from worker.frozen import Frozen
from worker.measures import Seconds


class StoreSettings(Frozen):
    """The Redis that remembers. It must persist and must not evict."""

    #: `redis://`, `sentinel://`, `cluster://` (with an `s` at the end: TLS) or `unix://` URL, or a reference
    #: to one; empty starts a private Redis.
    url: str = ""
    #: What is accepted counts once so many replicas have it, besides the master. Behind sentinels or in a
    #: cluster, 0 loses what was accepted right before a failover; fewer than there are, what was accepted
    #: while a master is replaced that still lives.
    replicas: int = Field(default=0, ge=0, le=10)
    #: Accept a store that evicts or does not persist. What was accepted can then be lost.
    allow_unsafe: bool = False
    #: How long a call may take before the store counts as away.
    timeout_s: Seconds = 5.0
    #: How far a process's clock may be from the store's; more refuses the start. No call begins with less
    #: than its own time-out and twice this left of its lease.
    clock_skew_s: Seconds = 0.5


class BrokerSettings(Frozen):
    """What carries Celery's messages. It may be wiped at any time."""

    #: A URL of Redis as for the store, `amqp://` for RabbitMQ or any other that Celery knows, or a reference
    #: to one; a cluster cannot carry it. Empty uses database 1 of the embedded Redis.
    url: str = ""
