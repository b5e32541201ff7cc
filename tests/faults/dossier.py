"""Dossier: everything a run knows of one conversation, in lines, to understand a finding by."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

from tests.faults.checker import Finding, lane_of, lanes_of
from tests.faults.model import Answer, Call, Evidence

#: Conversations of which everything is told.
_MOST: Final = 5
_SAID: Final = 160

#: The lines of each part, by the name of the part.
Dossier = Mapping[str, Sequence[str]]


def named(findings: Sequence[Finding]) -> Sequence[str]:
    """Return the first conversations that findings name."""
    return list(dict.fromkeys(each.conversation for each in findings if each.conversation))[:_MOST]


def lanes_named(evidence: Evidence, names: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """Return the service and the lane of each conversation; without those that never reached the API."""
    lanes = {name: lane for lane, name in lanes_of(evidence).items()}
    return {name: lanes[name] for name in names if name in lanes}


def dossiers(
    evidence: Evidence, names: Sequence[str], histories: Mapping[str, Sequence[str]]
) -> Mapping[str, Dossier]:
    """Return all about these conversations; `histories` holds what the bridge itself wrote of each."""
    lanes = lanes_named(evidence, names)
    return {name: _dossier(evidence, name, lanes.get(name), histories.get(name, ())) for name in names}


def _dossier(evidence: Evidence, name: str, lane: tuple[str, str] | None, history: Sequence[str]) -> Dossier:
    planned = next(each for each in evidence.conversations if each.name == name)
    return {
        "plan": [
            f"{planned.door} {planned.service}: " + ", ".join(_runs(step.kind for step in planned.steps))
        ],
        "answers": [_answer(each) for each in evidence.answers if each.conversation == name],
        "calls": [_call(each) for each in evidence.calls if lane and lane_of(each) == lane],
        "letters": [
            f"#{each.number} {each.cause}: {each.reason}"
            for each in evidence.letters
            if each.conversation == name
        ],
        "interactions": [
            f"{each.external_id} {'active' if each.active else 'ended'} {dict(each.user_data)}"
            for each in evidence.interactions
            if lane and lane_of(each) == lane
        ],
        "ledger": [
            f"{row.remote_id} {row.state} {row.interaction_id}"
            for row in evidence.ledger
            if (row.service, row.external_id) == lane
        ],
        "history": list(history),
    }


def _runs(kinds: Iterator[str]) -> Iterator[str]:
    """Say "3 update" for three in a row, with the number of the first."""
    for kind, run in groupby(enumerate(kinds), itemgetter(1)):
        numbers = [number for number, _ in run]
        yield f"#{numbers[0]} {kind}" if len(numbers) == 1 else f"#{numbers[0]} to #{numbers[-1]} {kind}"


def _answer(answer: Answer) -> str:
    return f"#{answer.number} {answer.intent}: {answer.told}, {answer.said}"[:_SAID]


def _call(call: Call) -> str:
    contains = ",".join(f"#{number}" for number in sorted(call.numbers))
    effect = "effect" if call.effect else "no effect"
    fault = f", {call.fault}" if call.fault else ""
    asked = f"{call.operation} {call.external_id} {contains}"
    return f"{call.place} {call.at} {asked}: {call.status}, {effect}{fault}"
