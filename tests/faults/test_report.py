"""The report: a run is good if nothing was found, everything came to rest, and takeovers were in time."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from tests.faults import dossier, recovery, report
from tests.faults.checker import Finding
from tests.faults.model import Answer, Call, Evidence, Intent, Letter, Live, Row, Told
from tests.faults.plan import draw
from tests.faults.storm import Outcome

PLAN = draw(1, seconds=20, rate=1)


def summary(
    *findings: Finding,
    takeover_s: float = 3.2,
    unrest: tuple[str, ...] = (),
    dossiers: Mapping[str, dossier.Dossier] | None = None,
) -> dict[str, Any]:
    """Return the summary of a run with such findings."""
    times = recovery.Times()
    times.add(recovery.TAKEOVER, 1.0)
    times.add(recovery.TAKEOVER, takeover_s)
    evidence = Evidence(PLAN.conversations, [], [], [], [], [], [], {})
    faults = Counter({"kill worker": 3, "kill store": 1, "freeze worker": 2})
    outcome = Outcome(evidence, faults, times, 10, 2, 1.5, unrest)
    return report.summary(PLAN, outcome, findings, mutant="no-fence", dossiers=dossiers)


def test_a_good_run_is_good() -> None:
    """Nothing found: the verdict is good, kills are counted, and the text says so."""
    kept = summary()
    assert report.verdict(kept)
    assert report.broken(kept) == []
    assert (kept["kills"], kept["recovery_s"][recovery.TAKEOVER]["longest"]) == (4, 3.2)
    assert "every promise was kept" in report.text(kept)
    assert report.text(kept).startswith("# Faults, seed 1, 20 s, mutant no-fence\n")


def test_it_says_what_it_stood_on() -> None:
    """Where that was not one Redis for each."""
    kept = {**summary(), "store": "sentinel", "broker": "rabbitmq", "mutant": None}
    assert report.text(kept).startswith("# Faults, seed 1, 20 s, store sentinel, broker rabbitmq\n")


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


def test_all_about_a_conversation_with_a_finding_is_told() -> None:
    """What was planned, said, called, buried, left and written down stands in the values and in the text."""
    conversation = PLAN.conversations[0]
    name, service = conversation.name, conversation.service
    evidence = Evidence(
        PLAN.conversations,
        answers=[Answer(name, 1, Intent.GENUINE, Told.ACCEPTED, "R-1", 2, "202 fine"), OTHER],
        calls=[
            Call(
                1,
                service,
                "create",
                name,
                effect=True,
                fault=None,
                sent={"userData": {"Subject": f"{name} #0"}},
                status=200,
                at="12:00",
            ),
            Call(2, service, "get", name, effect=False, fault="hang", sent={}, at="12:01"),
        ],
        interactions=[Live(service, name, "I-1", active=True, user_data={"Subject": f"{name} #0"})],
        ledger=[Row(service, name, "open", 1, "I-1")],
        letters=[Letter("rejected", "400 no", name, 1)],
        leftovers=[],
        counted={},
    )
    findings = [Finding("lost", name, "#1 took no effect"), Finding("counters", "", "odd")]
    names = dossier.named(findings)
    assert names == [name]
    assert dossier.lanes_named(evidence, names) == {name: (service, name)}
    kept = summary(*findings, dossiers=dossier.dossiers(evidence, names, {name: ["{applied}"]}))
    assert kept["dossiers"][name]["answers"] == ["#1 genuine: accepted, 202 fine"]
    assert kept["dossiers"][name]["calls"] == [
        f"1 12:00 create {name} #0: 200, effect",
        f"2 12:01 get {name} : None, no effect, hang",
    ]
    text = report.text(kept)
    for said in ("#0 create", "#1 rejected: 400 no", f"{name} active", f"{name} open I-1", "{applied}"):
        assert f"  {said}" in text or f": {said}" in text


OTHER = Answer("somebody", 1, Intent.GENUINE, Told.ACCEPTED)
