"""Sweep settings: when an open interaction is stale, what is done about it, and what holds that back."""

import re
from collections.abc import Mapping
from datetime import date, time
from string import Formatter
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, model_validator

from worker.frozen import Frozen
from worker.properties import is_system

_DAY_S = 24 * 3600.0
_HOURS = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$")
#: What a reason may mention.
_MENTIONS: Final = frozenset({"idle", "sweep"})

#: How long is long enough to be stale: a nonsense value would stop what people work on.
Staleness = Annotated[float, Field(ge=60, le=366 * _DAY_S)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _hours(written: str) -> str:
    if not _HOURS.match(written) or len(set(written.split("-"))) == 1:
        raise ValueError(f'{written!r} is no stretch of a day: write one as in "08:00-18:00"')
    return written


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f'{name!r} is no time zone: write one as in "Europe/Berlin"') from error
    return name


def _template(text: str) -> str:
    try:
        mentioned = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise ValueError(f"{text!r} has a brace too many or too few") from error
    if unknown := mentioned - _MENTIONS:
        raise ValueError(f"{text!r} mentions {{{min(unknown)}}}; it may mention {{idle}} and {{sweep}}")
    return text


def _mark(name: str) -> str:
    if is_system(name):
        raise ValueError(f"{name!r} is reserved for the system; choose another property name")
    return name


#: A stretch of a day by the clock on the wall, `HH:MM-HH:MM`.
Hours = Annotated[str, AfterValidator(_hours)]
#: A name of the IANA time zone database.
ZoneName = Annotated[str, AfterValidator(_zone)]


def ends_of(hours: Hours) -> tuple[time, time | None]:
    """Return the two ends of a stretch of a day; None is the end of the day."""
    begins, ends = hours.split("-")
    return time.fromisoformat(begins), None if ends == "24:00" else time.fromisoformat(ends)


class CalendarSettings(Frozen):
    """When business is done: only that time counts as idle."""

    #: From when to when.
    hours: Hours = "08:00-18:00"
    #: On which days of the week.
    days: Annotated[tuple[Day, ...], Field(min_length=1)] = ("mon", "tue", "wed", "thu", "fri")
    #: Days without business, whatever day of the week they are.
    holidays: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _within_a_day(self) -> Self:
        begins, ends = ends_of(self.hours)
        if ends is not None and ends <= begins:
            raise ValueError(f"hours {self.hours!r} end before they begin: business is done within one day")
        return self


class SweepRules(Frozen):
    """Which interactions are stale, and what becomes of them. A channel may set any of these for itself."""

    #: Whether sweeps look at them at all.
    enabled: bool = True
    #: An interaction is stale when nothing has happened to it for so long.
    idle_s: Staleness = 7 * _DAY_S
    #: And was opened so long ago; 0 does not ask.
    older_s: float = Field(default=0.0, ge=0, le=366 * _DAY_S)
    #: The states, as the API calls them, in which it may be stopped; empty takes any. Asked just before.
    states: tuple[str, ...] = ()
    #: User data that exempts it: property → the values that do. Asked just before.
    exempt: Mapping[str, tuple[JsonValue, ...]] = Field(default_factory=dict)
    #: The hours in which nothing is stopped, such as "22:00-06:00"; none when unset.
    quiet_hours: Hours | None = None
    #: The time zone of quiet hours and calendar.
    timezone: ZoneName = "UTC"
    #: When business is done; unset counts every hour.
    calendar: CalendarSettings | None = None
    #: How long before its stop an interaction is marked; unset marks none.
    warn_before_s: Staleness | None = None
    #: The property that marks it; its value is the time from which it may be stopped.
    warn_property: Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_mark)] = (
        "bridge_stale_warning"
    )
    #: How long an interaction that was left alone at the last moment (its state, an exemption) stays so.
    again_s: Staleness = 3600.0
    #: Sent as `reasonSystemName`.
    reason_system_name: Annotated[str, StringConstraints(max_length=200)] | None = None
    #: Sent as `reasonDescription`; may mention `{idle}` and `{sweep}`.
    reason_description: Annotated[str, StringConstraints(max_length=1000), AfterValidator(_template)] = (
        "nothing happened for {idle} (sweep {sweep})"
    )

    def refuse_late_warnings(self) -> None:
        """Raise ValueError where a warning would come before there was any idleness."""
        if self.warn_before_s is not None and self.warn_before_s >= self.idle_s:
            raise ValueError(
                f"warn_before_s ({self.warn_before_s:g}) must be less than idle_s ({self.idle_s:g}): "
                "a warning comes after some time without activity"
            )


class SweepSettings(SweepRules):
    """The sweeps of a service. Without this table there are none."""

    #: How often they come.
    every_s: Annotated[float, Field(ge=60, le=_DAY_S)] = 300.0
    #: More stale interactions than this in one sweep, and none is stopped: the clock or a rule may be wrong.
    cap_per_run: int = Field(default=200, ge=1, le=100_000)
    #: The same for all sweeps of an hour together.
    cap_per_hour: int = Field(default=1000, ge=1, le=1_000_000)
    #: The same for the share of all open interactions, where more than ten are stale.
    cap_share: float = Field(default=0.5, gt=0, le=1)
    #: Interactions that one sweep looks at one by one; the next one goes on from there.
    look_at_most: int = Field(default=100_000, ge=1000, le=10_000_000)
    #: Whether scheduled sweeps only look, and write down what they would have done.
    dry_run: bool = False

    @model_validator(mode="after")
    def _warned_in_time(self) -> Self:
        self.refuse_late_warnings()
        return self


def rules_of(service: SweepSettings, channel: SweepRules | None) -> SweepRules:
    """Return the rules for a channel's interactions: the service's, but for those it sets itself.

    Raises ValueError where the two do not go together.
    """
    if channel is None:
        return service
    rules = service.model_copy(update={name: getattr(channel, name) for name in channel.model_fields_set})
    rules.refuse_late_warnings()
    return rules
