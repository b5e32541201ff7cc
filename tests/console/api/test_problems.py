"""Which error is which problem."""

import pytest

from connectors.hosts.body import TooLarge, TooSlow
from connectors.hosts.commands import problems as shared
from connectors.hosts.commands.problems import Problem
from console.actions import UnknownChannel
from console.api.problems import KINDS, TYPES, explain
from console.choice import NoSuchLetter, TooMuch
from console.people import NotAllowed
from console.runs import NoSuchRun
from worker.errors import SettingsError, StoreUnavailable, UnknownService


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotAllowed("x"), 403),
        (UnknownService("x"), 404),
        (UnknownChannel("x"), 404),
        (NoSuchLetter("x"), 404),
        (NoSuchRun("x"), 404),
        (TooMuch("x"), 422),
        (SettingsError("x"), 422),
        (StoreUnavailable("x"), 503),
        (TooLarge(), 413),
        (TooSlow(), 408),
        (Problem(shared.UNAUTHORIZED, "x"), 401),
        (Problem(shared.MALFORMED, "x"), 400),
        (Problem(shared.WRONG_TYPE, "x"), 415),
    ],
)
def test_every_error_has_its_problem(error: Exception, status: int) -> None:
    """Of this API, also where the error is one of the parts that are shared."""
    problem = explain(error)
    assert problem is not None
    assert problem.kind.status == status
    assert problem.kind.type.startswith(TYPES)
    assert KINDS[problem.kind.name] is problem.kind


def test_a_fault_of_ours_is_none() -> None:
    """It is logged, and told as no more than that."""
    assert explain(KeyError("x")) is None
