"""Limits: the figures that rule what the store keeps, per service and for all."""

from dataclasses import dataclass, field

from worker.settings import ServiceSettings, Settings

#: Lines kept of each conversation's history.
HISTORY_CAP = 100
#: How long a ring may take to be answered before another one is sent.
RING_PATIENCE_MS = 1000


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """What one service's lanes may hold, and for how long."""

    partitions: int = 1
    lane_cap: int = 1000
    dedup_window_ms: int = 7 * 24 * 3600 * 1000
    ended_retention_ms: int = 30 * 24 * 3600 * 1000

    @classmethod
    def of(cls, service: ServiceSettings) -> "ServiceLimits":
        """Return the limits that a service's settings ask for."""
        return cls(
            partitions=service.partitions,
            lane_cap=service.lane_cap,
            dedup_window_ms=int(service.dedup_window_s * 1000),
            ended_retention_ms=int(service.ended_retention_s * 1000),
        )


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
        services = {name: ServiceLimits.of(service) for name, service in settings.services.items()}
        # three looks missed, and the next command rings: a drain that died is noticed within that time
        return cls(
            services, window=settings.worker.window, awake_ms=max(int(settings.worker.poll_s * 3000), 1)
        )

    def service(self, name: str) -> ServiceLimits:
        """Return a service's limits; the defaults for one that is no longer configured."""
        return self.services.get(name, ServiceLimits())
