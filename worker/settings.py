"""Settings: everything that can be set, with its type, default, unit and meaning.

Values only: where they come from (bridge.toml, the environment) is `worker.configuration`'s business. Secrets
never stand here; a setting holds a reference to one (`env:NAME`, `file:PATH`), so settings can be printed.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, IPvAnyNetwork, JsonValue, StringConstraints, model_validator

from worker.blob_settings import BlobSettings, BucketSettings, KeepSeconds, LinkSettings
from worker.commands import Name
from worker.console_settings import ConsoleSettings
from worker.frozen import Frozen
from worker.gate_settings import GateSettings, RetrySettings
from worker.mail_settings import LmtpSettings, MailboxSettings, SmtpSettings
from worker.measures import Port, Seconds, SecretReference
from worker.notices import NoticeKind
from worker.store_settings import BrokerSettings, StoreSettings
from worker.sweep_settings import SweepRules, SweepSettings, rules_of
from worker.sweeps import SWEEPER
from worker.telemetry_settings import MetricsSettings, TracesSettings
from worker.upkeep_settings import ReconcileSettings, RetentionSettings, ScheduleSettings

#: How long a ring may stay unacknowledged before Celery's Redis transport sends it again, in seconds.
RING_VISIBILITY_S = 300
#: A drain's slice and its last call together, this many times over, must fit into that.
_VISIBILITY_MARGIN = 5

#: The unique name of a caller of the command API: short enough to be a channel's name behind `api.`.
ClientName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")]

#: The unique name of a subscription: short enough to be a service's name behind `hook.`.
SubscriptionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,58}$")]

_MIB = 1024 * 1024


class HttpSettings(Frozen):
    """The door for webhooks."""

    #: The address to listen on; `0.0.0.0` is every one.
    host: str = "127.0.0.1"
    #: 0 takes a free one.
    port: Port = 8080
    #: The largest body accepted, in bytes; a channel may say otherwise.
    max_body_bytes: int = Field(default=_MIB, gt=0)
    #: What senders know this door by, as in `https://hooks.example.com`: some sign the URL they post to.
    #: Empty takes it from each request's Host header.
    public_url: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*[^\s?#/])?)?$")] = ""
    #: Addresses and networks of proxies whose word about a request is believed: its peer, scheme and host.
    #: From anybody else such headers are taken away.
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    #: How long the head of a request may take to arrive, and then its body.
    head_timeout_s: Seconds = 10.0
    body_timeout_s: Seconds = 10.0
    #: Connections held at the same time by one intake process.
    max_connections: int = Field(default=2000, ge=1)
    #: Deliveries under way at the same time in one intake process, and the bytes of their bodies together.
    #: Whoever comes on top of that is told to come again.
    max_in_flight: int = Field(default=1000, ge=1)
    max_in_flight_bytes: int = Field(default=64 * _MIB, ge=1)
    #: The longest that a caller of the command API may wait for what becomes of its command.
    longest_wait_s: Annotated[float, Field(ge=0, le=60)] = 10.0
    #: Callers that may wait at the same time; one more gets its receipt at once. 0 lets nobody wait.
    max_waiting: int = Field(default=64, ge=0)


class WorkerSettings(Frozen):
    """How a worker process drains lanes."""

    #: Calls made at once by one process, for each service.
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
    #: How long work may be due without this process looking for any, before it ends to be started again; 0
    #: lets it be. Well over the 30 s that Celery may take to find a broker again that was away.
    watchdog_s: float = Field(default=300.0, ge=0)


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
    #: Properties of user data that say who wrote: by their values conversations can be found. Only a hash of
    #: each is kept, for `ended_retention_s`. Empty keeps none.
    sender_properties: tuple[str, ...] = (
        "FromAddress",
        "From",
        "FromId",
        "Email",
        "CustomerEmail",
        "Username",
    )
    retry: RetrySettings = RetrySettings()
    gate: GateSettings = GateSettings()
    reconcile: ReconcileSettings = ReconcileSettings()
    #: When interactions that went stale are stopped; unset stops none.
    sweep: SweepSettings | None = None


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
    #: What is stale in this channel, where the rules of `services.X.sweep` do not suit.
    sweep: SweepRules | None = None
    #: The largest body accepted by HTTP, in bytes, where the door's limit does not suit.
    max_body_bytes: int | None = Field(default=None, gt=0)
    #: Deliveries taken by HTTP a second, on average, in each intake process; 0 is without limit. Whoever
    #: knows the channel's address uses it up, genuine or not.
    rate_per_s: float = Field(default=0.0, ge=0)
    #: Deliveries that may come at once; 0 is one second's worth, and at least one.
    burst: float = Field(default=0.0, ge=0)
    #: The mailbox that is read for this channel, for connectors that take mail.
    mailbox: MailboxSettings | None = None
    #: The buckets in which a provider leaves mail whose notification comes by this channel. No other one is
    #: read, whatever a notification names.
    buckets: tuple[BucketSettings, ...] = ()
    #: How long this channel's whole messages are kept, where `blobs.retention_s` does not suit.
    retention_s: KeepSeconds | None = None
    #: What this connector's own settings say; checked by the connector.
    options: Mapping[str, JsonValue] = Field(default_factory=dict)


def client_channel(client: str) -> str:
    """Return the channel by which a client's commands come."""
    return f"api.{client}"


class ClientSettings(Frozen):
    """One caller of the command API."""

    #: Its keys, any of which it may present; several while one is being rotated.
    keys: Annotated[tuple[SecretReference, ...], Field(min_length=1)]
    #: The services whose interactions it may touch.
    services: Annotated[tuple[Name, ...], Field(min_length=1)]


def hook_service(subscription: str) -> str:
    """Return the service by which the store and its commands know a subscription."""
    return f"hook.{subscription}"


class SubscriptionSettings(Frozen):
    """Somebody who is told what happens to interactions, by Standard Webhooks."""

    #: Where events are posted to: `https`, unless `allow_private` is set.
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#/@]+(/[^\s#]*)?$")]
    #: What they are signed with, each `whsec_` and 24 to 64 bytes in base64; several while one is being
    #: rotated: each event bears a signature of each.
    secrets: Annotated[tuple[SecretReference, ...], Field(min_length=1)]
    #: What it is told.
    events: Annotated[tuple[NoticeKind, ...], Field(min_length=1)] = tuple(NoticeKind)
    #: The services whose interactions it is told of; empty takes all.
    services: tuple[Name, ...] = ()
    #: The channels that opened the interaction or sent the command; empty takes all. Clients of the command
    #: API have `api.NAME`, sweeps have `sweep`.
    channels: tuple[Name, ...] = ()
    #: Whether it may stand in a private network or on this machine, and be spoken to without TLS.
    allow_private: bool = False
    #: How long a connection may take to be made.
    connect_timeout_s: Seconds = 5.0
    #: How long a whole call may take; Standard Webhooks recommends 15 to 30 s.
    call_timeout_s: Seconds = 15.0
    #: Conversations of which events may wait; while as many do, nothing further is kept for it.
    waiting_cap: int = Field(default=10_000, ge=1)
    retry: RetrySettings = RetrySettings(
        base_s=5.0, cap_s=3600.0, max_attempts=1000, max_age_s=3 * 24 * 3600.0, retry_after_cap_s=3600.0
    )
    gate: GateSettings = GateSettings()

    @model_validator(mode="after")
    def _is_guarded(self) -> Self:
        if self.url.startswith("http:") and not self.allow_private:
            raise ValueError("url must be https unless allow_private is true")
        return self


class Settings(Frozen):
    """The whole bridge."""

    store: StoreSettings = StoreSettings()
    broker: BrokerSettings = BrokerSettings()
    http: HttpSettings = HttpSettings()
    smtp: SmtpSettings = SmtpSettings()
    lmtp: LmtpSettings = LmtpSettings()
    blobs: BlobSettings = BlobSettings()
    links: LinkSettings = LinkSettings()
    console: ConsoleSettings = ConsoleSettings()
    worker: WorkerSettings = WorkerSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    retention: RetentionSettings = RetentionSettings()
    metrics: MetricsSettings = MetricsSettings()
    traces: TracesSettings = TracesSettings()
    services: Mapping[Name, ServiceSettings] = Field(default_factory=dict)
    channels: Mapping[Name, ChannelSettings] = Field(default_factory=dict)
    #: Who may use the command API; without any, it is not served.
    clients: Mapping[ClientName, ClientSettings] = Field(default_factory=dict)
    #: Who is told what happens.
    subscriptions: Mapping[SubscriptionName, SubscriptionSettings] = Field(default_factory=dict)
    #: `json`, `console`, or `auto`: console on a terminal.
    log_format: Literal["auto", "json", "console"] = "auto"
    #: What is less important is not logged.
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
    def _sweeps_have_rules(self) -> Self:
        if SWEEPER in self.channels:
            raise ValueError(
                f"channels.{SWEEPER} has the name under which the commands of sweeps are known; rename it"
            )
        for name, channel in self.channels.items():
            if channel.sweep is None:
                continue
            service = self.services[channel.service].sweep
            if service is None:
                raise ValueError(
                    f"channels.{name}.sweep has no effect: services.{channel.service}.sweep is not set"
                )
            try:
                rules_of(service, channel.sweep)
            except ValueError as error:
                raise ValueError(f"channels.{name}.sweep: {error}") from error
        return self

    @model_validator(mode="after")
    def _clients_have_services(self) -> Self:
        for name, client in self.clients.items():
            for service in client.services:
                if service not in self.services:
                    known = ", ".join(sorted(self.services)) or "none"
                    raise ValueError(f"clients.{name}.services has {service!r}, but there is: {known}")
            if client_channel(name) in self.channels:
                raise ValueError(
                    f"channels.{client_channel(name)} has the name under which the commands of client "
                    f"{name!r} are known; rename one of them"
                )
        return self

    @property
    def hooks(self) -> Mapping[str, SubscriptionSettings]:
        """The subscriptions by the services that stand for them."""
        return {hook_service(name): each for name, each in self.subscriptions.items()}

    @model_validator(mode="after")
    def _subscriptions_have_services(self) -> Self:
        for name, subscription in self.subscriptions.items():
            for service in subscription.services:
                if service not in self.services:
                    known = ", ".join(sorted(self.services)) or "none"
                    raise ValueError(f"subscriptions.{name}.services has {service!r}, but there is: {known}")
            if (service := hook_service(name)) in self.services:
                raise ValueError(
                    f"services.{service} has the name by which subscription {name!r} is known; "
                    "rename one of them"
                )
        return self

    @property
    def _call_timeouts(self) -> Mapping[str, float]:
        """How long a call may take, by the table of settings that says so."""
        services = {f"services.{name}": each.call_timeout_s for name, each in self.services.items()}
        hooks = {f"subscriptions.{name}": each.call_timeout_s for name, each in self.subscriptions.items()}
        return {**services, **hooks}

    @model_validator(mode="after")
    def _watchdog_outlasts_calls(self) -> Self:
        longest = max(self._call_timeouts.values(), default=0.0)
        if 0 < self.worker.watchdog_s <= 2 * longest:
            raise ValueError(
                f"worker.watchdog_s is {self.worker.watchdog_s:g}, which must be more than twice the longest "
                f"call_timeout_s ({longest:g}), or 0: a worker with all hands busy would be taken for stuck"
            )
        return self

    @model_validator(mode="after")
    def _rings_outlive_drains(self) -> Self:
        longest = max(self._call_timeouts.values(), default=0.0)
        if _VISIBILITY_MARGIN * (self.worker.slice_s + longest) > RING_VISIBILITY_S:
            raise ValueError(
                f"worker.slice_s ({self.worker.slice_s:g}) and the longest call_timeout_s ({longest:g}) must "
                f"together be at most {RING_VISIBILITY_S / _VISIBILITY_MARGIN:g} seconds: "
                "a ring could come again while it is being answered"
            )
        return self

    @model_validator(mode="after")
    def _lease_outlives_calls(self) -> Self:
        for place, call_timeout_s in self._call_timeouts.items():
            if self.worker.lease_s <= 2 * call_timeout_s:
                raise ValueError(
                    f"worker.lease_s is {self.worker.lease_s:g}, which must be more than twice "
                    f"{place}.call_timeout_s ({call_timeout_s:g}): a call could outlive its lease"
                )
            if self.worker.lease_s <= call_timeout_s + 2 * self.store.clock_skew_s:
                raise ValueError(
                    f"worker.lease_s is {self.worker.lease_s:g}, which must be more than "
                    f"{place}.call_timeout_s ({call_timeout_s:g}) and twice store.clock_skew_s "
                    f"({self.store.clock_skew_s:g}) together: on two clocks a call could outlive its lease"
                )
        return self
