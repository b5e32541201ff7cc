"""Report: what a run did and found, as values for JSON and as text for people."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.faults.checker import Finding
from tests.faults.dossier import Dossier
from tests.faults.grounds.choice import REDIS, Ground
from tests.faults.mutants import MUTANTS
from tests.faults.plan import Breakage, Plan
from tests.faults.processes import LEASE_S
from tests.faults.recovery import TAKEOVER
from tests.faults.storm import Outcome

_PROMISES: Final = (
    "lost",
    "doubled",
    "disordered",
    "receipt",
    "forbidden",
    "user data",
    "letter",
    "left behind",
    "ledger",
    "counters",
)
#: A worker's lanes are taken over at most so long after the end of its lease.
TAKEOVER_MARGIN_S: Final = 2.0
#: Findings of each kind that are written out.
_SHOWN: Final = 5


def summary(
    plan: Plan,
    outcome: Outcome,
    findings: Sequence[Finding],
    *,
    ground: Ground = REDIS,
    mutant: str = "",
    dossiers: Mapping[str, Dossier] | None = None,
) -> dict[str, Any]:
    """Return everything worth keeping of a run, as JSON; `dossiers` tell of those with findings."""
    effects = [call for call in outcome.evidence.calls if call.effect]
    return {
        "seed": plan.seed,
        "seconds": plan.seconds,
        "store": ground.store,
        "broker": ground.broker,
        "mutant": mutant or None,
        "conversations": len(plan.conversations),
        "commands": plan.commands,
        "sendings": len(outcome.evidence.answers),
        "sendings_without_an_answer": outcome.unanswered,
        "api_calls": outcome.calls,
        "api_effects": len(effects),
        "dead_letters": len(outcome.evidence.letters),
        "faults": dict(sorted(outcome.faults.items())),
        "kills": sum(n for name, n in outcome.faults.items() if name.startswith(f"{Breakage.KILL} ")),
        "healing_s": round(outcome.healing_s, 1),
        "recovery_s": {name: spread(each) for name, each in sorted(outcome.times.seconds.items())},
        "takeover_bound_s": LEASE_S + TAKEOVER_MARGIN_S,
        "found": {promise: sum(each.promise == promise for each in findings) for promise in _PROMISES},
        "unrest": list(outcome.unrest),
        "ended_by_themselves": list(outcome.quitters),
        "findings": [
            f"{each.promise}: {each.conversation} {each.sentence}".replace(":  ", ": ")
            for promise in _PROMISES
            for each in [each for each in findings if each.promise == promise][:_SHOWN]
        ],
        "dossiers": {
            name: {part: list(lines) for part, lines in each.items()}
            for name, each in (dossiers or {}).items()
        },
    }


def broken(kept: Mapping[str, Any]) -> list[str]:
    """Return the promises that a run found broken."""
    found = [promise for promise, times in kept["found"].items() if times]
    return [*found, *(["rest"] if kept["unrest"] else [])]


def in_time(kept: Mapping[str, Any]) -> bool:
    """Say whether each takeover came in time: a promise on a machine that has the time, no more."""
    takeover: float = kept["recovery_s"].get(TAKEOVER, {}).get("longest", 0.0)
    return takeover <= kept["takeover_bound_s"]


def verdict(kept: Mapping[str, Any]) -> bool:
    """Say whether every promise was kept, the time of a takeover included."""
    return not broken(kept) and in_time(kept)


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Return how often, the median and the longest."""
    return {
        "times": len(seconds),
        "median": round(statistics.median(seconds), 2),
        "longest": round(max(seconds), 2),
    }


def text(kept: Mapping[str, Any]) -> str:
    """Return a run as Markdown."""
    lines = [
        f"# Faults, seed {kept['seed']}, {kept['seconds']:g} s"
        + "".join(f", {part} {kept[part]}" for part in ("store", "broker") if kept[part] != "redis")
        + (f", mutant {kept['mutant']}" if kept["mutant"] else ""),
        "",
        "every promise was kept" if verdict(kept) else "**a promise was not kept**",
        "",
        *_table(("what", "how many"), [(name.replace("_", " "), kept[name]) for name in _COUNTS]),
        "",
        *_table(("promise", "found"), list(kept["found"].items())),
        "",
        *_table(
            ("recovery", "times", "median s", "longest s"),
            [
                (name, each["times"], each["median"], each["longest"])
                for name, each in kept["recovery_s"].items()
            ],
        ),
        "",
        f"A takeover may take the lease and {TAKEOVER_MARGIN_S:g} s: {kept['takeover_bound_s']:g} s.",
        "What a store of several servers does by itself counts each time; all else is measured undisturbed.",
        "",
        *_table(("broken", "times"), list(kept["faults"].items())),
    ]
    if kept["ended_by_themselves"]:
        lines += [
            "",
            "## Ended without being killed",
            "",
            *(f"- {each}" for each in kept["ended_by_themselves"]),
        ]
    worries = [*kept["unrest"], *kept["findings"]]
    if worries:
        lines += ["", "## Findings", "", *(f"- {each}" for each in worries)]
    for name, dossier in kept["dossiers"].items():
        lines += ["", f"## {name}", "", "```"]
        lines += [
            line for part, found in dossier.items() for line in (f"{part}:", *(f"  {each}" for each in found))
        ]
        lines += ["```"]
    return "\n".join(lines) + "\n"


def hunted(runs: Sequence[Mapping[str, Any]]) -> str:
    """Return what became of each mutant, as Markdown."""
    rows = []
    for kept in runs:
        found = {**kept["found"], "rest": len(kept["unrest"])}
        named = ", ".join(f"{promise} {found[promise]}" for promise in broken(kept)) or "**not noticed**"
        rows.append((kept["mutant"], MUTANTS[kept["mutant"]].without, kept["seed"], named))
    return "\n".join(["# Mutants", "", *_table(("mutant", "what is missing", "seed", "found"), rows)]) + "\n"


_COUNTS: Final = (
    "conversations",
    "commands",
    "sendings",
    "sendings_without_an_answer",
    "api_calls",
    "api_effects",
    "dead_letters",
    "kills",
    "healing_s",
)


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    return [
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
    ]
