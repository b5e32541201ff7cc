"""The profile: what was found out, as the file that a sandbox starts with to behave like the real thing."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bridge.conformance.probes import Answer
from bridge.conformance.questions import UNASKED, Question


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one question."""

    question: Question
    #: None where the replies did not tell.
    found: Answer | None = None
    #: Why they did not.
    why: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the assumption holds; None where nobody knows."""
        return None if self.found is None else self.found == self.question.assumed

    def facts(self) -> dict[str, Answer | None]:
        """Return it as JSON's words."""
        asked = self.question
        return {
            "switch": asked.switch,
            "question": asked.text,
            "assumed": asked.assumed,
            "found": self.found,
            "holds": self.holds,
            "why": self.why,
        }


def answers(findings: Iterable[Finding]) -> Mapping[str, Answer]:
    """Return the switches that were found out."""
    return {each.question.switch: each.found for each in findings if each.found is not None}


def profile(findings: Iterable[Finding], service: str, run: str) -> str:
    """Return the TOML that `sandbox --config` reads. What nobody knows is a comment, and stays as assumed."""
    found = tuple(findings)
    lines = [f"# found by `bridge conform --service {service}`, run {run}", "[behaviour]"]
    lines += [f"{name} = {json.dumps(value)}" for name, value in answers(found).items()]
    lines += [f"# {each.question.switch}: {each.why}" for each in found if each.found is None]
    lines += [f"# {name}: not asked, {why}" for name, why in UNASKED.items()]
    return "\n".join(lines) + "\n"
