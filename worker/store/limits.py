"""Limits: the figures that rule what the store keeps, per service and for all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from worker.gate_settings import GateSettings
from worker.settings import ServiceSettings, Settings, SubscriptionSettings
from worker.store.gate import GateLimits

#: What connections to the store call themselves.
CLIENT = "bridge"
#: Lines kept of each conversation's history.
HISTORY_CAP = 100
#: Conversations remembered as those of which anything was heard last, in each partition.
RECENT_CAP = 1000
#: Conversations that a clue leads to, in each partition; the last ones.
CLUE_CAP = 50
#: How long a ring may take to be answered before another one is sent.
RING_PATIENCE_MS = 1000
#: How long the answer of a replay or a discard is kept for its repetition: longer than any call is tried.
REPEATABLE_MS = 600_000
#: How long is remembered what a subscription was told, so that no relay tells it twice.
HOOK_MEMORY_MS = 24 * 3600 * 1000
#: What stands for a reason where a person gave none.
UNSAID = "no reason given"


@dataclass(frozen=True)
class ServiceLimits:
    """What one service's lanes may hold, and for how long."""

    partitions: int = 1
    lane_cap: int = 1000
    dedup_window_ms: int = 7 * 24 * 3600 * 1000
    ended_retention_ms: int = 30 * 24 * 3600 * 1000
    #: Properties of user data that say who wrote.
    senders: tuple[str, ...] = ()
    #: What each partition's gate allows.
    gate: GateLimits = field(default_factory=GateLimits)
    #: How long keys are remembered, for channels with a window of their own.
    channel_windows_ms: Mapping[str, int] = field(default_factory=dict)

    def window_ms(self, channel: str) -> int:
        """Return how long a key of a channel is remembered."""
        return self.channel_windows_ms.get(channel, self.dedup_window_ms)

    @cached_property
    def longest_window_ms(self) -> int:
        """How long any key is remembered."""
        return max(self.dedup_window_ms, *self.channel_windows_ms.values(), 0)

    @classmethod
    def of(cls, service: ServiceSettings, channel_windows_s: Mapping[str, float]) -> "ServiceLimits":
        """Return the limits that a service's settings and its channels ask for."""
        return cls(
            gate=_gate(service.gate, service.partitions),
            channel_windows_ms={name: int(window * 1000) for name, window in channel_windows_s.items()},
            partitions=service.partitions,
            lane_cap=service.lane_cap,
            dedup_window_ms=int(service.dedup_window_s * 1000),
            ended_retention_ms=int(service.ended_retention_s * 1000),
            senders=service.sender_properties,
        )

    @classmethod
    def of_hook(cls, subscription: SubscriptionSettings) -> "ServiceLimits":
        """Return the limits of a subscription, which is soon done with what it was told."""
        return cls(
            gate=_gate(subscription.gate, 1),
            dedup_window_ms=HOOK_MEMORY_MS,
            ended_retention_ms=HOOK_MEMORY_MS,
        )


def _gate(gate: GateSettings, partitions: int) -> GateLimits:
    """Return a partition's share of what a service's gate allows."""
    rate = gate.requests_per_s / partitions
    breaker = gate.breaker
    return GateLimits(
        rate_per_s=rate,
        burst=max(gate.burst / partitions or rate, 1.0),
        in_flight=-(-gate.in_flight // partitions),
        breaker_calls=breaker.calls,
        breaker_ratio=breaker.ratio,
        breaker_window_ms=int(breaker.window_s * 1000),
        breaker_open_ms=int(breaker.open_s * 1000),
    )


def _windows(settings: Settings, service: str) -> dict[str, float]:
    return {
        name: channel.dedup_window_s
        for name, channel in settings.channels.items()
        if channel.service == service and channel.dedup_window_s is not None
    }


#: Of a service that is no longer configured.
_UNCONFIGURED: Final = ServiceLimits()


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of every service, and of every claim."""

    services: dict[str, ServiceLimits] = field(default_factory=dict)
    #: Commands read from a lane by one claim.
    window: int = 32
    #: How long a claim with room to spare keeps others from ringing.
    awake_ms: int = 50

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """Return the limits that the settings ask for."""
        services = {
            name: ServiceLimits.of(service, _windows(settings, name))
            for name, service in settings.services.items()
        }
        services |= {name: ServiceLimits.of_hook(hook) for name, hook in settings.hooks.items()}
        # three looks missed, and the next command rings: a drain that died is noticed within that time
        return cls(
            services, window=settings.worker.window, awake_ms=max(int(settings.worker.poll_s * 3000), 1)
        )

    def service(self, name: str) -> ServiceLimits:
        """Return a service's limits; the defaults for one that is no longer configured."""
        return self.services.get(name, _UNCONFIGURED)
