"""Which calls faults strike, and how often."""

import pytest
from pydantic import ValidationError

from sandbox.call import Call
from sandbox.fault import NO_FAULT, Fault, Faults, first_strike

CREATE = Call(service="support", operation="create")


def never() -> float:
    """Dice that must not be rolled."""
    raise AssertionError


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(), True),
        (Fault(service="support", operation="create"), True),
        (Fault(service="sales"), False),
        (Fault(operation="get"), False),
        (Fault(times=0), False),
        (Fault(times=1), True),
    ],
)
def test_faults_fit_by_service_and_operation(fault: Fault, expected: bool) -> None:  # noqa: FBT001  # a table's column
    """A fault fits the calls it names, as long as it has strikes left."""
    assert fault.fits(CREATE) is expected


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(), True),
        (Fault(kind="reset_after_commit"), True),
        (Fault(kind="truncate"), True),
        (Fault(kind="status"), False),
        (Fault(kind="status", after_commit=True), True),
        (Fault(kind="hang", after_commit=True), True),
        (Fault(kind="reset_before", after_commit=True), False),
        (Fault(kind="refuse", after_commit=True), False),
        (Fault(kind="bad_key", after_commit=True), False),
    ],
)
def test_faults_let_calls_take_effect_or_not(fault: Fault, expected: bool) -> None:  # noqa: FBT001  # as above
    """The kind says whether a call takes effect; some leave it to `after_commit`."""
    assert fault.commits is expected


@pytest.mark.parametrize(("roll", "expected"), [(0.49, 0), (0.5, 1)])
def test_the_first_strike_counts(roll: float, expected: int) -> None:
    """A rule strikes with its probability, else the next one that fits has its turn."""
    rules = [Fault(probability=0.5), Fault(operation="get"), Fault()]
    assert first_strike(rules, CREATE, lambda: roll) == (0 if expected == 0 else 2)


def test_nothing_may_strike() -> None:
    """Without a rule that fits nothing happens, and no dice are rolled."""
    assert first_strike([Fault(operation="get", probability=0.5)], CREATE, never) is None
    assert Faults(never).strike(CREATE) is NO_FAULT


def test_strikes_are_counted() -> None:
    """A rule with `times` strikes that often; one without strikes for ever."""
    faults = Faults(never)
    faults.rules = (Fault(kind="hang", times=1), Fault(kind="truncate"))
    assert [faults.strike(CREATE).kind for _ in range(3)] == ["hang", "truncate", "truncate"]
    assert [rule.times for rule in faults.rules] == [0, None]


def test_the_script_goes_first_and_in_order() -> None:
    """The script's head waits for a call it fits; calls it does not fit follow the rules."""
    faults = Faults(never)
    faults.rules = (Fault(kind="truncate"),)
    faults.script = (Fault(kind="hang", operation="get"), Fault())
    get = Call(service="support", operation="get", external_id="a")
    assert [faults.strike(call).kind for call in (CREATE, get, CREATE, CREATE)] == [
        "truncate",
        "hang",
        "none",
        "truncate",
    ]


def test_latency_may_be_spread() -> None:
    """Latency is fixed, or fixed plus a share of the jitter."""
    faults = Faults(lambda: 0.5)
    assert faults.latency_s(Fault(latency_ms=100)) == pytest.approx(0.1)
    assert faults.latency_s(Fault(latency_ms=100, jitter_ms=100)) == pytest.approx(0.15)


@pytest.mark.parametrize(("roll", "expected_s"), [(0.5, 0.1), (0.99, 0.9), (0.01, 0.1 * 0.1 / 0.9)])
def test_latency_may_be_lognormal(roll: float, expected_s: float) -> None:
    """`latency_ms` is the median, `latency_p99_ms` the 99th percentile; jitter rolls dice of its own."""
    assert Faults(lambda: roll).latency_s(Fault(latency_ms=100, latency_p99_ms=900)) == pytest.approx(
        expected_s
    )
    rolls = iter([roll, 0.25])
    both = Fault(latency_ms=100, latency_p99_ms=900, jitter_ms=40)
    assert Faults(lambda: next(rolls)).latency_s(both) == pytest.approx(expected_s + 0.01)


def test_a_played_script_forgets_how_often() -> None:
    """A step with no strikes left still strikes its one call."""
    faults = Faults(never)
    faults.play([Fault(kind="hang", times=0, probability=0)])
    assert [faults.strike(CREATE).kind for _ in range(2)] == ["hang", "none"]


@pytest.mark.parametrize(
    ("kind", "expected"), [("refuse", False), ("reset_before", False), ("bad_key", True)]
)
def test_some_calls_are_not_even_read(kind: str, expected: bool) -> None:  # noqa: FBT001  # a table's column
    """A connection that is cut before the body is read leaves it unread."""
    assert Fault.model_validate({"kind": kind}).reads is expected


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "explode"},
        {"status": 99},
        {"retry_after": "a\r\nb"},
        {"probability": float("nan")},
        {"latency_ms": float("inf")},
        {"latency_p99_ms": 10},
        {"latency_ms": 11, "latency_p99_ms": 10},
        {"refuse_ms": -1},
        {"unknown": 1},
    ],
)
def test_impossible_faults_are_refused(fields: dict[str, object]) -> None:
    """A rule that could not be carried out is not accepted."""
    with pytest.raises(ValidationError):
        Fault.model_validate(fields)
