"""Settings: everything that can be set, with its type, default, unit and meaning.

Values only: where they come from (bridge.toml, the environment) is `worker.configuration`'s business. Secrets
never stand here; a setting holds a reference to one (`env:NAME`, `file:PATH`), so settings can be printed.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, model_validator

from worker.commands import Name
from worker.frozen import Frozen

#: Where a secret is to be found: `env:NAME` or `file:PATH`.
SecretReference = Annotated[str, StringConstraints(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")]

Seconds = Annotated[float, Field(gt=0, le=31 * 24 * 3600)]
#: How long a ring may stay unacknowledged before Celery's Redis transport sends it again, in seconds.
RING_VISIBILITY_S = 300
#: A drain's slice and its last call together, this many times over, must fit into that.
_VISIBILITY_MARGIN = 5

Port = Annotated[int, Field(ge=0, le=65535)]
_MIB = 1024 * 1024


class StoreSettings(Frozen):
    """The Redis that remembers. It must persist and must not evict."""

    #: `redis://`, `rediss://` or `unix://` URL, or a reference to one; empty starts a private Redis.
    url: str = ""
    #: Accept a store that evicts or does not persist. What was accepted can then be lost.
    allow_unsafe: bool = False
    #: How long a call may take before the store counts as away.
    timeout_s: Seconds = 5.0


class BrokerSettings(Frozen):
    """What carries Celery's messages. It may be wiped at any time."""

    #: Any broker URL Celery knows, or a reference to one; empty uses database 1 of the embedded Redis.
    url: str = ""


class HttpSettings(Frozen):
    """The door for webhooks."""

    host: str = "127.0.0.1"
    #: 0 takes a free one.
    port: Port = 8080
    #: The largest body accepted, in bytes.
    max_body_bytes: int = Field(default=_MIB, gt=0)


class SmtpSettings(Frozen):
    """The door for mail."""

    host: str = "127.0.0.1"
    #: 0 takes a free one.
    port: Port = 8025
    #: The largest mail accepted, in bytes.
    max_message_bytes: int = Field(default=30 * _MIB, gt=0)


class WorkerSettings(Frozen):
    """How a worker process drains lanes."""

    #: Lanes worked on at once by one process.
    in_flight: int = Field(default=64, ge=1, le=4096)
    #: How long a claimed lane is its holder's; more than twice the longest API call.
    lease_s: Seconds = 45.0
    #: How long a drain claims before it makes room.
    slice_s: Seconds = 20.0
    #: How long a drain with nothing to do waits for more before it ends.
    linger_s: Seconds = 1.0
    #: How often a drain with room looks for more.
    poll_s: Seconds = 0.01
    #: Commands read from a lane by one claim.
    window: int = Field(default=32, ge=1, le=1000)
    #: How often beat rings what is due.
    tick_s: Seconds = 1.0


class RetrySettings(Frozen):
    """Full-jitter exponential back-off: the n-th delay is drawn from [0, min(cap, base * 2 ** (n - 1))].

    A try that reached nobody does not count: its delay is drawn from [0, min(cap, the time waited so far)].
    """

    base_s: Seconds = 0.5
    cap_s: Seconds = 300.0
    #: Tries that were answered, before the command is buried.
    max_attempts: int = Field(default=40, ge=1)
    #: The time since its acceptance at which a failing command is buried, answered or not.
    max_age_s: Seconds = 24 * 3600.0
    #: The longest `Retry-After` that is honoured.
    retry_after_cap_s: Seconds = 900.0
    #: How long a service waits after 401 or 403 before the key is tried again.
    unauthorized_hold_s: Seconds = 30.0


class BreakerSettings(Frozen):
    """When a service that keeps failing is left alone for a while."""

    #: Calls within the window before their failures are weighed; 0 switches the breaker off.
    calls: int = Field(default=20, ge=0)
    #: The share of failed calls that opens it.
    ratio: float = Field(default=0.5, gt=0, le=1)
    window_s: Seconds = 30.0
    #: How long it stays open before a single lane may try.
    open_s: Seconds = 15.0


class GateSettings(Frozen):
    """A service's brake, shared by all workers."""

    #: API calls a second, on average; 0 is without limit.
    requests_per_s: float = Field(default=0.0, ge=0)
    #: Calls that may be made at once after a pause; 0 is one second's worth.
    burst: float = Field(default=0.0, ge=0)
    #: Lanes worked on at once by all workers together; 0 is without limit.
    in_flight: int = Field(default=0, ge=0)
    breaker: BreakerSettings = BreakerSettings()


class ServiceSettings(Frozen):
    """One open media service."""

    #: Everything before `/openmedia`, as in `https://host/nexus/v3`.
    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$")]
    #: Sent as `x-api-key`.
    api_key: SecretReference
    #: How long a connection may take to be made.
    connect_timeout_s: Seconds = 5.0
    #: How long a whole call may take, from the first byte sent to the last one read.
    call_timeout_s: Seconds = 20.0
    #: Shares of the lanes, for Redis Cluster. Fixed once data exists.
    partitions: int = Field(default=1, ge=1, le=256)
    #: Commands that may wait in one lane.
    lane_cap: int = Field(default=1000, ge=1)
    #: How long an idempotency key is remembered.
    dedup_window_s: Seconds = 7 * 24 * 3600.0
    #: How long an ended interaction is remembered.
    ended_retention_s: Seconds = 30 * 24 * 3600.0
    #: What our own user data keys begin with; empty sends none.
    mark_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]*$", max_length=32)] = "bridge_"
    #: Whether waiting updates of one conversation may go out as one call.
    merge_updates: bool = True
    #: The most that user data may take, in bytes of JSON as sent.
    user_data_bytes: int = Field(default=16_000, ge=1000, le=65_535)
    retry: RetrySettings = RetrySettings()
    gate: GateSettings = GateSettings()


class ChannelSettings(Frozen):
    """One source of deliveries."""

    #: The connector that understands it, by name.
    connector: Name
    #: The service whose interactions it opens.
    service: Name
    #: How deliveries are signed: the name of a scheme, or a table with `scheme` and its options. Kinds whose
    #: senders always sign in the same way need none; `none` takes whatever anybody sends.
    verify: str | Mapping[str, JsonValue] = ""
    #: The secrets deliveries are verified with; several while one is being rotated.
    secrets: tuple[SecretReference, ...] = ()
    #: How long this channel's idempotency keys are remembered, where the service's window does not suit.
    dedup_window_s: Seconds | None = None
    #: What this connector's own settings say; checked by the connector.
    options: Mapping[str, JsonValue] = Field(default_factory=dict)


class Settings(Frozen):
    """The whole bridge."""

    store: StoreSettings = StoreSettings()
    broker: BrokerSettings = BrokerSettings()
    http: HttpSettings = HttpSettings()
    smtp: SmtpSettings = SmtpSettings()
    worker: WorkerSettings = WorkerSettings()
    services: Mapping[Name, ServiceSettings] = Field(default_factory=dict)
    channels: Mapping[Name, ChannelSettings] = Field(default_factory=dict)
    #: `json`, `console`, or `auto`: console on a terminal.
    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _channels_have_services(self) -> Self:
        for name, channel in self.channels.items():
            if channel.service not in self.services:
                known = ", ".join(sorted(self.services)) or "none"
                raise ValueError(
                    f"channels.{name}.service is {channel.service!r}, but the services are: {known}"
                )
        return self

    @model_validator(mode="after")
    def _rings_outlive_drains(self) -> Self:
        longest = max((service.call_timeout_s for service in self.services.values()), default=0.0)
        if _VISIBILITY_MARGIN * (self.worker.slice_s + longest) > RING_VISIBILITY_S:
            raise ValueError(
                f"worker.slice_s ({self.worker.slice_s:g}) and the longest call_timeout_s ({longest:g}) must "
                f"together be at most {RING_VISIBILITY_S / _VISIBILITY_MARGIN:g} seconds: "
                "a ring could come again while it is being answered"
            )
        return self

    @model_validator(mode="after")
    def _lease_outlives_calls(self) -> Self:
        for name, service in self.services.items():
            if self.worker.lease_s <= 2 * service.call_timeout_s:
                raise ValueError(
                    f"worker.lease_s is {self.worker.lease_s:g}, which must be more than twice "
                    f"services.{name}.call_timeout_s ({service.call_timeout_s:g}): "
                    "a call could outlive its lease"
                )
        return self
