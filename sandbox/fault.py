"""Faults: what may go wrong with a call, when, and how often. Pure; the harm itself is done in `door`."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from sandbox.call import Call, Operation
from sandbox.latency import LONGEST_MS, lognormal_ms

Kind = Literal[
    "none",
    "status",
    "overload",
    "bad_key",
    "refuse",
    "reset_before",
    "reset_after_commit",
    "truncate",
    "hang",
    "wrong_content_type",
    "agent_finishes",
]
#: Printable ASCII: what may stand in a header.
HeaderText = Annotated[str, StringConstraints(pattern=r"^[ -~]*$")]
_ALWAYS_COMMITS = {"none", "reset_after_commit", "truncate", "agent_finishes"}
#: A key that is refused has no effect, and neither has a call that was never read.
_NEVER_COMMITS = {"bad_key", "refuse", "reset_before"}


class Fault(BaseModel):
    """One rule: which calls it strikes and what happens to them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    #: The service it strikes; `*` is any.
    service: str = "*"
    #: The operation it strikes; `*` is any.
    operation: Operation | Literal["*"] = "*"
    #: How likely it strikes a call it fits.
    probability: float = Field(default=1.0, ge=0, le=1)
    #: How often it still strikes; null is without end.
    times: int | None = Field(default=None, ge=0)
    #: What happens: nothing but the latency; a status instead of the answer; 429/503 in the behaviour's form;
    #: the key counts as unknown; a reset before the body is read, and every connection is refused for a time;
    #: a reset before the body is read; a reset after the effect; half an answer; no answer; an HTML answer;
    #: or the agent finishes the addressed interaction just before the call is judged.
    kind: Kind = "none"
    #: How long the call is held up; with `latency_p99_ms` the median of a lognormal distribution.
    latency_ms: float = Field(default=0, ge=0, le=LONGEST_MS)
    #: How long 99 of 100 calls are held up at most; null is `latency_ms` every time.
    latency_p99_ms: float | None = Field(default=None, ge=0, le=LONGEST_MS)
    #: Up to how much longer, evenly distributed.
    jitter_ms: float = Field(default=0, ge=0, le=LONGEST_MS)
    #: refuse: for how long every connection is refused, whatever it is for.
    refuse_ms: float = Field(default=1000, ge=0, le=LONGEST_MS)
    #: status, overload, hang, wrong_content_type: whether the call takes effect all the same.
    #: With any kind: latency comes after the effect instead of before it.
    after_commit: bool = False
    #: status: which.
    status: int = Field(default=503, ge=200, le=599)
    #: status, overload: the Retry-After header; null is none (status), or one second in the behaviour's form.
    retry_after: int | HeaderText | None = None
    #: status: the whole body; null is the error envelope.
    body: JsonValue = None

    @model_validator(mode="after")
    def _check_distribution(self) -> Self:
        if self.latency_p99_ms is not None and not 0 < self.latency_ms <= self.latency_p99_ms:
            raise ValueError("latency_p99_ms needs a latency_ms over 0 and not above it: its median")
        return self

    @property
    def commits(self) -> bool:
        """Whether a call it strikes takes effect."""
        return self.kind in _ALWAYS_COMMITS or (self.kind not in _NEVER_COMMITS and self.after_commit)

    @property
    def reads(self) -> bool:
        """Whether the body of a call it strikes is read."""
        return self.kind not in {"refuse", "reset_before"}

    def fits(self, call: Call) -> bool:
        """Whether it may strike this call at all."""
        return (
            self.times != 0
            and self.service in {"*", call.service}
            and self.operation in {"*", call.operation}
        )

    def spent(self) -> "Fault":
        """The rule after it struck once."""
        return self if self.times is None else self.model_copy(update={"times": self.times - 1})


#: What strikes a call that nothing strikes.
NO_FAULT = Fault()


class Faults:
    """The rules in force and the script that goes before them."""

    def __init__(self, roll: Callable[[], float]) -> None:
        self._roll = roll
        #: The first rule that strikes is the one that counts.
        self.rules: tuple[Fault, ...] = ()
        #: Answers for the next calls, in order; the head waits for a call it fits.
        self.script: tuple[Fault, ...] = ()

    def play(self, script: Iterable[Fault]) -> None:
        """Let each step strike one of the next calls; its `probability` and `times` mean nothing."""
        self.script = tuple(step.model_copy(update={"times": None}) for step in script)

    def strike(self, call: Call) -> Fault:
        """Choose what happens to this call, and use it up."""
        if self.script and self.script[0].fits(call):
            head, *rest = self.script
            self.script = tuple(rest)
            return head
        index = first_strike(self.rules, call, self._roll)
        if index is None:
            return NO_FAULT
        struck = self.rules[index]
        self.rules = (*self.rules[:index], struck.spent(), *self.rules[index + 1 :])
        return struck

    def latency_s(self, fault: Fault) -> float:
        """How long this strike of a fault holds up the call."""
        held_ms = fault.latency_ms
        if fault.latency_p99_ms is not None:
            held_ms = lognormal_ms(held_ms, fault.latency_p99_ms, self._roll())
        if fault.jitter_ms:
            held_ms += fault.jitter_ms * self._roll()
        return held_ms / 1000


def first_strike(rules: Sequence[Fault], call: Call, roll: Callable[[], float]) -> int | None:
    """The position of the first rule that strikes, or None; only rules that fit the call roll the dice."""
    for index, rule in enumerate(rules):
        if rule.fits(call) and (rule.probability >= 1 or roll() < rule.probability):
            return index
    return None
