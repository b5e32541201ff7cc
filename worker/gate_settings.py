"""Settings about calls to a service: how hard it may be pressed, and how what failed is tried again."""

from pydantic import Field

from worker.frozen import Frozen
from worker.measures import Seconds


class RetrySettings(Frozen):
    """Full-jitter exponential back-off: the n-th delay is drawn from [0, min(cap, base * 2 ** (n - 1))].

    A try that reached nobody does not count: its delay is drawn from [0, min(cap, the time waited so far)].
    """

    #: How delays grow: their base, and their cap.
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
    #: How far back calls are weighed.
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
