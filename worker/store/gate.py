"""The gate: a service's brake, shared by all workers. Pure; the twin of `lua/gate.lua`, line for line.

Open, it lets claims through as its rate and its cap allow. Shut (a hold, an open breaker), it lets none
through until a time. After that it is ajar: one lane at a time, until one comes home with an answer. Paused,
it waits for a person.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final


@dataclass(frozen=True)
class GateLimits:
    """What a service's gate allows in one partition. Zero switches a limit off."""

    #: API calls a second, on average.
    rate_per_s: float = 0.0
    #: Calls that may be saved up while nothing was to do.
    burst: float = 0.0
    #: Lanes worked on at once, by all workers together.
    in_flight: int = 0
    #: Calls within a window before their failures are weighed.
    breaker_calls: int = 0
    #: The share of failed calls that opens the breaker.
    breaker_ratio: float = 0.5
    breaker_window_ms: int = 30_000
    #: How long the breaker stays open before a single lane may try.
    breaker_open_ms: int = 15_000

    @cached_property
    def packed(self) -> str:
        """The limits as `lua/gate.lua` reads them; every claim and every settlement sends them along."""
        values = (
            self.rate_per_s,
            self.burst,
            self.in_flight,
            self.breaker_calls,
            self.breaker_ratio,
            self.breaker_window_ms,
            self.breaker_open_ms,
        )
        return " ".join(str(value) for value in values)


@dataclass(frozen=True, slots=True)
class Gate:
    """The state of one gate; times in milliseconds."""

    shut_until: int = 0
    reason: str = ""
    #: Whether the gate has been shut and nothing came home since.
    ajar: bool = False
    #: Until when the one lane that tries an ajar gate may take.
    probe_until: int = 0
    prober: str = ""
    paused: str = ""
    tokens: float = 0.0
    tokens_at: int = 0
    window_from: int = 0
    answered: int = 0
    failed: int = 0
    #: lane → end of its lease.
    out: dict[str, int] = field(default_factory=dict)

    def admits(self, limits: GateLimits, wanted: int, now: int) -> int:
        """Return how many lanes may be claimed now."""
        if self.paused or self.shut_until > now:
            return 0
        if self.ajar:
            wanted = min(wanted, 0 if self.probe_until > now else 1)
        if limits.rate_per_s:
            wanted = min(wanted, int(self.saved(limits, now)))
        if limits.in_flight:
            wanted = min(wanted, limits.in_flight - self.busy(now))
        return max(wanted, 0)

    def busy(self, now: int) -> int:
        """Return how many lanes are being worked on."""
        return sum(1 for until in self.out.values() if until > now)

    def claimed(self, limits: GateLimits, lanes: list[str], now: int, lease_until: int) -> "Gate":
        """Return the gate after lanes went through it, each with one call paid for."""
        after = self._spent(limits, len(lanes), now) if lanes else self
        if self.ajar and lanes:
            after = replace(after, probe_until=lease_until, prober=lanes[-1])
        out = {lane: until for lane, until in self.out.items() if until > now}
        return replace(after, out={**out, **dict.fromkeys(lanes, lease_until)})

    def came_home(self, limits: GateLimits, calls: int, now: int) -> "Gate":
        """Return the gate after a command got its answer, with `calls` made for it."""
        after = self._spent(limits, calls - 1, now)
        if self.ajar and self.shut_until <= now:
            after = replace(after, ajar=False, probe_until=0, shut_until=0, reason="", answered=0, failed=0)
        return after.weighed(limits, now, failed=False)

    def failed_call(self, limits: GateLimits, calls: int, now: int) -> "Gate":
        """Return the gate after a call failed; it may be shut now."""
        after = self._spent(limits, calls - 1, now)
        if self.ajar and self.shut_until <= now:
            return replace(after, shut_until=now + limits.breaker_open_ms, probe_until=0)
        return after.weighed(limits, now, failed=True)

    def returned(self, limits: GateLimits, lane: str, calls: int, now: int) -> "Gate":
        """Return the gate after a lane came back without an answer that could be weighed."""
        after = self._spent(limits, calls - 1, now)
        return replace(after, probe_until=0, prober="") if self.prober == lane else after

    def left(self, lane: str) -> "Gate":
        """Return the gate after a lane was given back."""
        return replace(self, out={each: until for each, until in self.out.items() if each != lane})

    def renewed(self, lane: str, lease_until: int) -> "Gate":
        """Return the gate after a lane's lease was extended."""
        return replace(self, out={**self.out, lane: lease_until})

    def has_room(self, limits: GateLimits, lane: str, now: int) -> bool:
        """Say whether a holder may go on: one more call, which goes through the gate like any other."""
        if self.paused or self.shut_until > now:
            return False
        # a holder whose lease has lapsed may find its place taken
        others = sum(1 for each, until in self.out.items() if until > now and each != lane)
        if limits.in_flight and others >= limits.in_flight:
            return False
        return not limits.rate_per_s or self.saved(limits, now) >= 1

    def pausing(self, reason: str) -> "Gate":
        """Return the gate shut by a person."""
        return replace(self, paused=reason)

    def resumed(self) -> "Gate":
        """Return the gate opened by a person, whatever shut it."""
        return replace(self, paused="", shut_until=0, reason="", ajar=False, probe_until=0)

    def shut(self, until: int, reason: str) -> "Gate":
        """Return the gate held until a time; a longer hold wins."""
        if self.shut_until >= until:
            return replace(self, probe_until=0)
        return replace(self, shut_until=until, reason=reason, ajar=True, probe_until=0)

    def saved(self, limits: GateLimits, now: int) -> float:
        """Return how many calls are saved up; negative where more were made than the rate allows."""
        if not self.tokens_at:
            return limits.burst
        return min(limits.burst, self.tokens + (now - self.tokens_at) * limits.rate_per_s / 1000)

    def _spent(self, limits: GateLimits, calls: int, now: int) -> "Gate":
        if not limits.rate_per_s:
            return self
        # rounded as the script writes it, so that both count alike
        return replace(self, tokens=round(self.saved(limits, now) - calls, 6), tokens_at=now)

    def shut_since(self, before: "Gate", now: int) -> bool:
        """Say whether the gate was shut by what happened since."""
        return self.shut_until > max(before.shut_until, now)

    def weighed(self, limits: GateLimits, now: int, *, failed: bool) -> "Gate":
        """Return the gate after a call was counted; too many failures shut it."""
        if not limits.breaker_calls:
            return self
        fresh = now - self.window_from >= limits.breaker_window_ms
        answered = (0 if fresh else self.answered) + (not failed)
        bad = (0 if fresh else self.failed) + failed
        after = replace(self, window_from=now if fresh else self.window_from, answered=answered, failed=bad)
        calls = answered + bad
        if not failed or calls < limits.breaker_calls or bad < limits.breaker_ratio * calls:
            return after
        reason = f"breaker: {bad} of {calls} calls failed"
        return replace(after.shut(now + limits.breaker_open_ms, reason), answered=0, failed=0)


OPEN: Final = Gate()
