"""`python -m tests.faults --seed 7 --seconds 60`: break everything, let it heal, and see whether it held."""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bridge.redis_server import NoRedisServer
from tests.faults import dossier, report
from tests.faults.checker import Finding, check
from tests.faults.gathering import histories
from tests.faults.grounds.choice import BROKERS, REDIS, STORES, Ground
from tests.faults.mutants import MUTANTS, breed
from tests.faults.plan import Plan, draw
from tests.faults.processes import Processes
from tests.faults.storm import Outcome, Storm

#: Commands sent a second: what two cores do beside everything that is killed and started meanwhile.
RATE = 60.0


async def storm(
    plan: Plan, directory: Path, *, ground: Ground, source: Path
) -> tuple[Outcome, Sequence[Finding], Mapping[str, dossier.Dossier]]:
    """Run a plan in a directory of its own, check it, and end every process it needs.

    Returns also all about the conversations of which something was found.
    """
    processes = Processes(directory, source, ground)
    try:
        await processes.start()
        outcome = await Storm(plan, processes).run()
        evidence = outcome.evidence
        findings = check(evidence)
        names = dossier.named(findings)
        written = histories(processes, dossier.lanes_named(evidence, names))
        return outcome, findings, dossier.dossiers(evidence, names, written)
    finally:
        await processes.close()


def run(plan: Plan, directory: Path, *, ground: Ground = REDIS, mutant: str = "") -> dict[str, Any]:
    """Run a plan and return the summary of what was found."""
    source = breed(mutant, directory / "source")
    outcome, findings, dossiers = asyncio.run(storm(plan, directory, ground=ground, source=source))
    return report.summary(plan, outcome, findings, ground=ground, mutant=mutant, dossiers=dossiers)


def hunt(seed: int, *, seconds: float, rate: float, tries: int) -> list[dict[str, Any]]:
    """Return for each mutant the first run that notices it, or the last one that did not."""
    hunted = []
    for name in MUTANTS:
        for number in range(tries):
            plan = draw(seed + number, seconds=seconds, rate=rate)
            with tempfile.TemporaryDirectory(prefix="bridge-mutant-") as directory:
                kept = run(plan, Path(directory), mutant=name)
            if report.broken(kept):
                break
        hunted.append({**kept, "dossiers": {}})
    return hunted


def main() -> int:
    """Run as the command line says; 0 when every promise was kept, or every mutant was noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=RATE, help="commands sent a second")
    parser.add_argument("--store", choices=STORES, default=REDIS.store, help="what it stands on")
    parser.add_argument("--broker", choices=BROKERS, default=REDIS.broker)
    parser.add_argument("--mutant", choices=sorted(MUTANTS), default="", help="remove a safeguard first")
    parser.add_argument(
        "--hunt", type=int, metavar="TRIES", help="all mutants, each with so many seeds at most"
    )
    parser.add_argument("--out", type=Path, help="where the report goes, as JSON, and as Markdown beside it")
    parser.add_argument("--keep", type=Path, help="a directory for data and logs that is not removed")
    wanted = parser.parse_args()
    if wanted.hunt:
        hunted = hunt(wanted.seed, seconds=wanted.seconds, rate=wanted.rate, tries=wanted.hunt)
        _write(hunted, report.hunted(hunted), wanted.out)
        return 0 if all(map(report.broken, hunted)) else 1
    plan = draw(wanted.seed, seconds=wanted.seconds, rate=wanted.rate)
    with tempfile.TemporaryDirectory(prefix="bridge-faults-") as temporary:
        directory = wanted.keep or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        ground = Ground(wanted.store, wanted.broker)
        try:
            kept = run(plan, directory, ground=ground, mutant=wanted.mutant)
        except (pytest.skip.Exception, NoRedisServer) as missing:
            parser.error(str(missing))
    _write(kept, report.text(kept), wanted.out)
    return 0 if report.verdict(kept) else 1


def _write(kept: Any, text: str, out: Path | None) -> None:  # noqa: ANN401 - whatever JSON holds
    if out:
        out.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
        out.with_suffix(".md").write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    sys.exit(main())
