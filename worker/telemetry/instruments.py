"""Instruments: which event counts into which metric. One table; the documentation is made from its words.

Names follow Prometheus: a prefix, base units, `_total` behind what only grows.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from worker import events
from worker import upkeep_events as upkeep
from worker.sweeps import Result
from worker.telemetry.reasons import WHYS, why
from worker.upkeep import Flaw

PREFIX: Final = "openmedia_bridge_"

#: From a local answer to the longest call that settings allow by default, in seconds.
_CALL_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)
#: From what an idle bridge needs to a night's outage, in seconds.
_WAIT_BUCKETS: Final = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60),
    *(300, 900, 3600, 6 * 3600, 24 * 3600),
)
_DOOR_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


#: Why a command is buried, see `worker.drain`.
_CAUSES: Final = ("rejected", "exhausted", "conflict", "missing", "ended")


def _once(_: Any) -> float:  # noqa: ANN401 - any event
    return 1


@dataclass(frozen=True, slots=True)
class Count:
    """Something that only grows."""

    name: str
    help: str
    labels: tuple[str, ...]
    #: The values of the labels.
    of: Callable[[Any], tuple[str, ...]]
    #: How many an event counts for.
    by: Callable[[Any], float] = _once
    #: Every value that a label has, where that is known: told as 0 from the start: so a first time shows.
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long something takes, in seconds."""

    name: str
    help: str
    labels: tuple[str, ...]
    of: Callable[[Any], tuple[str, ...]]
    by: Callable[[Any], float]
    buckets: tuple[float, ...]


def _service(event: Any) -> tuple[str, ...]:  # noqa: ANN401 - any event
    return (event.service,)


def _nothing(_: Any) -> tuple[str, ...]:  # noqa: ANN401 - any event
    return ()


def _count(
    name: str,
    words: str,
    labels: tuple[str, ...] = ("service",),
    of: Callable[[Any], tuple[str, ...]] = _service,
    by: Callable[[Any], float] = _once,
    **known: Iterable[str],
) -> Count:
    values = {label: tuple(words) for label, words in known.items()}
    return Count(f"{PREFIX}{name}_total", words, labels, of, by, values)


def _verdict(verdict: str, by: Callable[[Any], float] = _once) -> Count:
    return _count(
        "command_verdicts",
        "Verdicts on commands: applied, merged into a later update, again, or buried.",
        ("service", "verdict"),
        lambda event: (event.service, verdict),
        by,
        verdict=("applied", "merged", "again", "buried"),
    )


_SOURCE: Final = ("service", "channel", "kind")


def _sourced(event: Any) -> tuple[str, ...]:  # noqa: ANN401 - an event about one command at a door
    return event.service, event.channel, event.kind


_DOORS: Final[Mapping[type[Any], tuple[Count | Timing, ...]]] = {
    events.DeliveryAnswered: (
        _count(
            "deliveries",
            "Deliveries by what their senders were told.",
            ("service", "channel", "answer"),
            lambda event: (event.service, event.channel, event.answer),
        ),
        Timing(
            f"{PREFIX}delivery_seconds",
            "From the whole delivery to the answer.",
            ("service", "channel"),
            lambda event: (event.service, event.channel),
            lambda event: event.elapsed_ms / 1000,
            _DOOR_BUCKETS,
        ),
    ),
    events.RequestRejected: (
        _count(
            "rejections",
            "Requests that a door turned away before any connector saw them.",
            ("service", "channel", "reason"),
            lambda event: (event.service, event.channel, event.reason),
        ),
    ),
    events.RequestAnswered: (
        _count(
            "requests",
            "Requests of clients of the command API, by HTTP status.",
            ("service", "channel", "code"),
            lambda event: (event.service, event.channel, str(event.status)),
        ),
    ),
    events.CommandAccepted: (
        _count("commands_accepted", "Commands that were put into their lanes.", _SOURCE, _sourced),
    ),
    events.CommandRepeated: (
        _count("commands_repeated", "Duplicates: commands that had been accepted before.", _SOURCE, _sourced),
    ),
}

_LANES: Final[Mapping[type[Any], tuple[Count | Timing, ...]]] = {
    events.LaneClaimed: (
        _count("lanes_claimed", "Lanes that were taken to be worked on."),
        _count(
            "leases_stolen",
            "Lanes taken from a holder who never gave them back.",
            by=lambda event: event.stolen,
        ),
    ),
    events.CallAnswered: (
        _count(
            "api_calls",
            "Calls to the API by what came of them; code is the HTTP status, or none.",
            ("service", "operation", "outcome", "code"),
            lambda event: (event.service, event.operation, event.outcome, str(event.status or "none")),
        ),
        Timing(
            f"{PREFIX}api_call_seconds",
            "How long calls to the API take.",
            ("service", "operation"),
            lambda event: (event.service, event.operation),
            lambda event: event.elapsed_ms / 1000,
            _CALL_BUCKETS,
        ),
        _count(
            "unknown_outcomes",
            "Calls of which nobody knows whether they took effect.",
            by=lambda event: event.outcome == "Unknown",
        ),
    ),
    events.CommandApplied: (
        _verdict("applied"),
        _verdict("merged", lambda event: event.merged),
        Timing(
            f"{PREFIX}lane_wait_seconds",
            "From a command's acceptance to its effect.",
            ("service",),
            _service,
            lambda event: event.waited_s,
            _WAIT_BUCKETS,
        ),
    ),
    events.CommandDeferred: (_verdict("again"),),
    events.CommandBuried: (
        _verdict("buried"),
        _count(
            "commands_buried",
            "Commands that went to the dead letters, by cause.",
            ("service", "cause"),
            lambda event: (event.service, event.cause),
            cause=_CAUSES,
        ),
    ),
    events.LetterReplayed: (_count("letters_replayed", "Dead letters that were brought back."),),
    events.LetterDiscarded: (_count("letters_discarded", "Dead letters that were given up."),),
    events.LeaseLost: (_count("stale_fences", "Holders that found their lane taken over."),),
    events.DrainFailed: (_count("drain_failures", "Deliveries of a lane that broke on a fault of ours."),),
}

_SERVICES: Final[Mapping[type[Any], tuple[Count | Timing, ...]]] = {
    events.ServiceHeld: (
        _count(
            "service_holds",
            "How often a whole service was made to wait, and why.",
            ("service", "why"),
            lambda event: (event.service, why(event.reason)),
            why=WHYS,
        ),
    ),
    events.ServicePaused: (_count("service_pauses", "How often whoever is called wanted no more calls."),),
    events.BreakerOpened: (_count("breaker_openings", "How often so many calls failed that all waited."),),
    events.RingFailed: (_count("ring_failures", "Wake-ups that could not be sent."),),
    events.NoticeLetGo: (_count("notices_dropped", "Notices for which a subscription had no room."),),
    events.RelayFailed: (_count("relay_failures", "Times that notices could not be passed on."),),
    events.StoreDoubtful: (
        _count("store_doubts", "Reasons for which the store could lose something.", (), _nothing),
    ),
}

_UPKEEP: Final[Mapping[type[Any], tuple[Count | Timing, ...]]] = {
    upkeep.SweepDone: (
        _count(
            "sweeps",
            "Sweeps by what they came to.",
            ("service", "result"),
            lambda event: (event.service, event.result),
            result=Result,
        ),
        _count("sweep_looks", "Interactions that sweeps looked at.", by=lambda event: event.looked),
        _count("sweep_stops", "Stops that sweeps ordered.", by=lambda event: event.stops),
        _count("sweep_warnings", "Warnings that sweeps ordered.", by=lambda event: event.warnings),
    ),
    upkeep.SweepRefused: (
        _count(
            "sweeps",
            "Sweeps by what they came to.",
            ("service", "result"),
            lambda event: (event.service, "refused"),
            result=Result,
        ),
    ),
    upkeep.InteractionGone: (_count("interactions_gone", "Interactions found to have ended elsewhere."),),
    upkeep.InteractionDiffers: (_count("interactions_differing", "Interactions found in another state."),),
    upkeep.Reconciled: (
        _count("reconcile_checks", "Checks of what the ledger holds open.", by=lambda event: event.checked),
        _count("reconcile_unanswered", "Such checks without an answer.", by=lambda event: event.unanswered),
    ),
    upkeep.ReconcileDoubted: (
        _count("reconcile_doubts", "Rounds that closed nothing more, for want of a proof: look at base_url."),
    ),
    upkeep.Audited: (
        _count(
            "audit_looks",
            "Conversations and letters that audits looked at.",
            (),
            _nothing,
            lambda event: event.looked,
        ),
    ),
    upkeep.AuditRepaired: (
        _count(
            "audit_repairs",
            "Contradictions in the store that were put right; none is expected.",
            ("service", "flaw"),
            lambda event: (event.service, event.flaw),
            lambda event: event.count,
            flaw=Flaw,
        ),
    ),
    upkeep.Pruned: (
        _count("letters_pruned", "Dead letters that grew too old.", by=lambda event: event.letters),
    ),
    upkeep.BlobsPruned: (
        _count(
            "blobs_pruned", "Whole messages that grew too old.", (), _nothing, lambda event: event.deleted
        ),
    ),
    upkeep.UpkeepFailed: (
        _count(
            "upkeep_failures",
            "Pieces of upkeep that broke off.",
            ("task",),
            lambda event: (event.task,),
            task=("reconcile", "audit", "prune"),
        ),
    ),
}

#: What each event counts into.
TABLE: Final[Mapping[type[Any], tuple[Count | Timing, ...]]] = {**_DOORS, **_LANES, **_SERVICES, **_UPKEEP}

#: Events that count into nothing, and why.
NOT_COUNTED: Final[Mapping[type[Any], str]] = {
    upkeep.WorkerStuck: "the process ends with it, and its counters as well: see process_start_time_seconds",
}
