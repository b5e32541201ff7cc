"""Each outcome has its evidence, and a careless one is the careful one."""

import dataclasses
import typing

import pytest

from worker.outcomes import Evidence, Failed, Outcome


@pytest.mark.parametrize("outcome", typing.get_args(Outcome), ids=lambda outcome: outcome.__name__)
def test_every_outcome_has_evidence(outcome: type) -> None:
    """Whatever came of a call, an operator can see why."""
    assert dataclasses.fields(outcome)[0].name == "evidence"
    assert outcome(Evidence(200)).evidence.status == 200


def test_a_failure_is_taken_to_have_reached_the_server() -> None:
    """Unless somebody knows better: only so is a create looked for before it is made again."""
    assert Failed(Evidence()).reached
