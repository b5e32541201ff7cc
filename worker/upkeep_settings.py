"""Settings about upkeep: what beat has done, how often, and how long things are kept."""

from typing import Annotated

from pydantic import Field

from worker.blob_settings import KeepSeconds
from worker.frozen import Frozen

_DAY_S = 24 * 3600.0
#: An interval of a schedule: beat asks for its slots at least as often.
Interval = Annotated[float, Field(ge=1, le=7 * _DAY_S)]


class ScheduleSettings(Frozen):
    """When upkeep is done. Slots begin with 1970 in UTC; any number of beats may run."""

    #: How often what the ledgers hold open is checked, a few at a time.
    reconcile_s: Interval = 30.0
    #: How often the next part of the store is held against the rules.
    audit_s: Interval = 300.0
    #: Keys visited by one audit; a larger store takes several.
    audit_keys: int = Field(default=100_000, ge=1000)
    #: How often what has been kept for long enough is thrown away.
    prune_s: Interval = 3600.0


class RetentionSettings(Frozen):
    """How long is kept what does not end by itself."""

    #: Dead letters, after their burial. One behind which commands wait is kept until a person decides.
    dead_letters_s: KeepSeconds = 90 * _DAY_S
    #: What channels let go: the last 1,000 of each, and none older than this.
    ignored_s: KeepSeconds = 30 * _DAY_S
    #: What people did, at the console, by the admin API and in a terminal; at most the last 100,000 acts.
    deeds_s: KeepSeconds = 365 * _DAY_S


class ReconcileSettings(Frozen):
    """How the interactions that the ledger holds open are looked up, the one checked longest ago first."""

    #: Whether they are.
    enabled: bool = True
    #: The time in which each of them is checked once, where the limits below allow.
    round_s: KeepSeconds = _DAY_S
    #: None is checked again sooner than this, nor that soon after its last activity.
    rest_s: KeepSeconds = 3600.0
    #: Checks a second at most. They also go through the service's gate, and live work comes first.
    requests_per_s: Annotated[float, Field(gt=0, le=1000)] = 5.0
    #: How long the sight of one of them proves that the API at `base_url` knows them. Without that, a 404 may
    #: as well mean a wrong address: then the newest are looked up as well, before anything is closed.
    proof_s: KeepSeconds = 3600.0
    #: Those that are closed within a round without such a proof: of a quiet service all may have ended. Over
    #: it nothing is closed until one is seen.
    unproved_cap: int = Field(default=20, ge=0)
    #: States, as the API calls them, that mean an interaction has ended, for an API that still shows it.
    ended_states: tuple[str, ...] = ()
