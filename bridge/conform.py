"""`bridge conform`: asks a real endpoint what the vendor's reference leaves open, and cleans up."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from rich.text import Text

from bridge.conformance.line import Line, Place
from bridge.conformance.probes import Unclear
from bridge.conformance.profile import Finding, answers, profile
from bridge.conformance.questions import QUESTIONS, UNASKED, Question
from bridge.conformance.steps import Mark, get
from bridge.progress import progress
from bridge.screen import Screen
from bridge.session import configured
from bridge.sheet import columns, plain
from bridge.stack import SANDBOX_HOST
from worker.errors import BridgeError, SettingsError, UnknownService
from worker.secrets import Secrets
from worker.settings import Settings
from worker.wiring import new_id

_RUN_LENGTH = 10
_UNAUTHORIZED = (401, 403)


class NoConformance(BridgeError):
    """A run cannot begin, or left something behind."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found."""

    service: str
    run: str
    findings: tuple[Finding, ...]
    #: How many interactions it opened.
    opened: int
    #: What it could not stop.
    left: tuple[str, ...]

    def facts(self) -> dict[str, object]:
        """Return it as JSON's words."""
        return {
            "service": self.service,
            "run": self.run,
            "findings": [each.facts() for each in self.findings],
            "unasked": dict(UNASKED),
            "profile": dict(answers(self.findings)),
            "opened": self.opened,
            "left": list(self.left),
        }


def conform(service: str, screen: Screen, *, other: str, sure: bool) -> Report:
    """Ask a service's endpoint everything. For entry points only. Raises BridgeError."""
    settings, secrets = configured()
    own = _place(settings, secrets, service)
    second = _place(settings, secrets, other) if other else None
    if not sure:
        raise NoConformance(
            f"it would open about {len(QUESTIONS)} marked interactions in service {service!r}, few at a "
            "time, and stop each at once; agents could be offered them meanwhile. Say --yes to do it"
        )
    run = new_id()[:_RUN_LENGTH]
    mark = Mark(property=f"{own.settings.mark_prefix or 'bridge_'}conform", run=run)
    screen.say(f"run {run}: its external ids begin with conform-{run}-")
    # what stands in the environment about proxies is not for the API, as for the workers' own calls
    with httpx.Client(trust_env=False) as client:
        line = Line(client, mark, own, second)
        _require_open(line, own)
        try:
            findings = _asked(line, screen, other=second is not None)
        finally:
            line.clean()
            if line.left:
                screen.say(f"left behind, stop it by hand: {', '.join(line.left)}", style="bold red")
    return Report(service, run, findings, line.count, line.left)


def _place(settings: Settings, secrets: Secrets, service: str) -> Place:
    found = settings.services.get(service)
    if found is None:
        known = ", ".join(sorted(settings.services)) or "none"
        raise UnknownService(f"no service {service!r} is configured; there is: {known}")
    if urlsplit(found.base_url).hostname == SANDBOX_HOST:
        raise SettingsError(f"{SANDBOX_HOST} is the sandbox that `bridge up` brings, and none runs here")
    return Place(service, found, secrets.value(found.api_key))


def _require_open(line: Line, own: Place) -> None:
    try:
        reply = line.ask("door", get())
    except Unclear as error:
        raise NoConformance(f"{own.settings.base_url}: {error}; nothing was opened") from error
    if reply.status in _UNAUTHORIZED:
        raise NoConformance(
            f"{own.settings.base_url} refuses the key; see services.{own.service}.api_key; nothing was opened"
        )


def _asked(line: Line, screen: Screen, *, other: bool) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    with progress(screen, "asking", len(QUESTIONS)) as advance:
        for question in QUESTIONS:
            findings.append(_skipped(question, findings, other=other) or _answered(line, question))
            line.clean()
            advance(1)
    return tuple(findings)


def _skipped(question: Question, before: Iterable[Finding], *, other: bool) -> Finding | None:
    if question.needs_other and not other:
        return Finding(question, why="not asked: name a second service with --other")
    if question.needs_id and "id_field" not in answers(before):
        return Finding(question, why="not asked: no id is shown, so what it opens could not be stopped")
    if question.follows:
        asked, wanted = question.follows
        if answers(before).get(asked) != wanted:
            return Finding(question, why=f"not asked: it is a question only where {asked} is {wanted}")
    return None


def _answered(line: Line, question: Question) -> Finding:
    probe = question.probe()
    try:
        step = next(probe)
        while True:
            step = probe.send(line.ask(question.switch, step))
    except StopIteration as end:
        return Finding(question, found=end.value)
    except Unclear as error:
        return Finding(question, why=str(error))


def write_profile(report: Report, path: Path) -> None:
    """Write the profile. Raises NoConformance where it cannot be written."""
    try:
        path.write_text(profile(report.findings, report.service, report.run), encoding="utf-8")
    except OSError as error:
        raise NoConformance(f"{path} cannot be written: {error.strerror or error}") from error


def print_report(report: Report, screen: Screen) -> None:
    """Write it for a person: one line for each question, and how it stands in all."""
    table = columns("holds", "question", "assumed", "found", fixed=("holds", "question"))
    words = {True: "yes", False: "NO", None: "?"}
    for each in report.findings:
        found = each.why if each.found is None else str(each.found)
        asked = each.question
        assumed = "for ever" if asked.assumed is None else str(asked.assumed)
        table.add_row(words[each.holds], asked.text, assumed, Text(plain(found)))
    screen.out.print(table)
    for name, why in UNASKED.items():
        screen.out.print(Text(f"not asked: {name}, {why}", style="dim"))
    holds = [each.holds for each in report.findings]
    screen.out.print(
        Text(
            f"\n{holds.count(True)} assumptions hold, {holds.count(False)} do not, {holds.count(None)} are "
            f"unknown; {report.opened} interactions were opened and {len(report.left)} are left"
        )
    )
