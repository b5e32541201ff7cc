"""The report: a run is good if nothing was found, everything came to rest, and takeovers were in time."""

from collections import Counter
from typing import Any

import pytest

from tests.faults import recovery, report
from tests.faults.checker import Finding
from tests.faults.model import Evidence
from tests.faults.plan import draw
from tests.faults.storm import Outcome

PLAN = draw(1, seconds=20, rate=1)


def summary(*findings: Finding, takeover_s: float = 3.2, unrest: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the summary of a run with such findings."""
    times = recovery.Times()
    times.add(recovery.TAKEOVER, 1.0)
    times.add(recovery.TAKEOVER, takeover_s)
    evidence = Evidence(PLAN.conversations, [], [], [], [], [], [], {})
    faults = Counter({"kill worker": 3, "kill store": 1, "freeze worker": 2})
    outcome = Outcome(evidence, faults, times, 10, 2, 1.5, unrest)
    return report.summary(PLAN, outcome, findings, mutant="no-fence")


def test_a_good_run_is_good() -> None:
    """Nothing found: the verdict is good, kills are counted, and the text says so."""
    kept = summary()
    assert report.verdict(kept)
    assert report.broken(kept) == []
    assert (kept["kills"], kept["recovery_s"][recovery.TAKEOVER]["longest"]) == (4, 3.2)
    assert "every promise was kept" in report.text(kept)


@pytest.mark.parametrize(
    "kept",
    [
        summary(Finding("lost", "x", "#1 took no effect")),
        summary(unrest=("a lane",)),
        summary(takeover_s=5.2),
    ],
    ids=["a finding", "no rest", "a late takeover"],
)
def test_a_bad_run_is_bad(kept: dict[str, Any]) -> None:
    """Each alone spoils the verdict and is to be read in the text."""
    assert not report.verdict(kept)
    assert "**a promise was not kept**" in report.text(kept)


def test_a_hunt_tells_what_noticed() -> None:
    """Of each mutant the promises that broke are named, and one that nothing noticed is said aloud."""
    text = report.hunted([summary(Finding("doubled", "x", "y"), Finding("doubled", "x", "z")), summary()])
    assert "| doubled 2 |" in text
    assert "**not noticed**" in text
