"""The tree keeps its own rules: sizes, mirrors, names, links."""

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("worker", "connectors", "sandbox", "console", "bridge")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

#: Modules whose behaviour another test file proves, and which.
PROVED_ELSEWHERE = {
    "bridge/children.py": "tests/bridge/test_up.py: starting and stopping them is what it is for",
    "bridge/cli/__init__.py": "tests/bridge/cli/test_program.py",
    "bridge/cli/channels.py": "tests/bridge/test_trial.py and its neighbours, as a person types",
    "bridge/cli/conforming.py": "tests/bridge/test_conform.py, as a person types",
    "bridge/cli/events.py": "tests/bridge/test_send_test.py, as a person types",
    "bridge/cli/privacy.py": "tests/bridge/test_privacy.py, as a person types",
    "bridge/cli/gates.py": "tests/bridge/test_gates.py, as a person types",
    "bridge/cli/letters.py": "tests/bridge/test_letters.py and its neighbours, as a person types",
    "bridge/cli/mail.py": "tests/bridge/test_ignored.py, as a person types",
    "bridge/cli/moving.py": "tests/bridge/test_moving.py, as a person types",
    "console/pages/board.py": "tests/console/pages/test_overview.py: it is what that page shows",
    "console/pages/finding.py": "tests/console/pages/test_interactions.py: by each way, and by each filter",
    "console/pages/sandbox.py": "tests/browser/test_operations.py and test_safety.py: with a real sandbox",
    "worker/store/memory_search.py": "tests/worker/store/test_search.py, against both stores",
    "worker/search_ports.py": "only protocols; tests/worker/store/test_search.py holds both stores to them",
    "bridge/mail_audit.py": "tests/stories/test_mail_imap.py: against a real server",
    "bridge/mail_probe.py": "tests/stories/test_mail_smtp.py: through a real door",
    "worker/store/packing.py": "tests/worker/store/test_scripts.py: a real Redis reads what it packs",
    "worker/store/servers.py": "tests/worker/store/test_opening.py, and every test over a real Redis",
    "worker/store/memory_mailboxes.py": "tests/worker/store/test_mailboxes.py, against both stores",
    "bridge/cli/options.py": "tests/bridge/cli/test_program.py",
    "bridge/cli/processes.py": "tests/bridge/cli/test_program.py and tests/bridge/test_up.py",
    "bridge/cli/questions.py": "tests/bridge/cli/test_program.py",
    "bridge/cli/sweeps.py": "tests/bridge/test_sweep.py, as a person types",
    "bridge/cli/sending.py": "tests/bridge/cli/test_program.py",
    "bridge/cli/console.py": "tests/bridge/test_console.py and its neighbours, as a person types",
    "bridge/store_wait.py": "tests/bridge/test_intake.py and test_console.py",
    "console/api/answers.py": "tests/console/api/test_app.py",
    "console/api/bodies.py": "tests/console/api/test_app.py",
    "console/api/clients.py": "tests/console/api/test_guard.py",
    "console/api/desk.py": "tests/console/api/test_app.py",
    "console/api/operations.py": "tests/console/api/test_app.py tries each of them",
    "console/api/questions.py": "tests/console/api/test_app.py and test_description.py",
    "console/app.py": "tests/console/test_guard.py and test_door.py, which ask it",
    "bridge/operator.py": "tests/console/test_actions.py: what a terminal does bears its name",
    "console/choice.py": "tests/bridge/test_letters.py, as a person types",
    "console/condition.py": "tests/bridge/test_condition.py",
    "console/letters.py": "tests/bridge/test_replay.py, test_edit.py and test_discard.py, as a person types",
    "console/links.py": "tests/bridge/test_links.py",
    "console/mending.py": "tests/bridge/test_edit.py",
    "console/probe.py": "tests/bridge/test_check.py and test_send_test.py, against real servers",
    "console/reading.py": "tests/bridge/test_reading.py",
    "console/reason.py": "tests/bridge/test_reason.py",
    "console/request_file.py": "tests/bridge/test_request_file.py",
    "console/trial.py": "tests/bridge/test_trial.py and tests/console/pages/test_channels.py",
    "console/round.py": "tests/bridge/test_round.py",
    "console/shell.py": "tests/bridge/test_sheet.py",
    "worker/access_ports.py": "only protocols; tests/worker/store holds both stores to them",
    "connectors/inbound/ses.py": "tests/connectors/test_conformance.py, by its fixtures",
    "connectors/inbound/sendgrid.py": "tests/connectors/test_conformance.py, by its fixtures",
    "connectors/inbound/postmark.py": "tests/connectors/test_conformance.py, by its fixtures",
    "connectors/inbound/mime.py": "tests/connectors/test_conformance.py, by its fixtures",
    "connectors/inbound/mailjet.py": "tests/connectors/test_conformance.py, by its fixtures",
    "connectors/inbound/mailgun.py": "tests/connectors/test_conformance.py, by its fixtures",
    "connectors/inbound/brevo.py": "tests/connectors/test_conformance.py, by its fixtures",
    "worker/mail_ports.py": "only protocols; tests/worker/store holds both stores to them",
    "worker/notice_ports.py": "only protocols; tests/worker/store/test_outbox.py holds both stores to them",
    "worker/ports.py": "only protocols; tests/worker/store/test_contract.py holds both stores to them",
    "worker/upkeep_ports.py": "only protocols; tests/worker/store holds both stores to them",
    "worker/store/memory_checks.py": "tests/worker/store/test_checks.py, against both stores",
    "worker/store/memory_audits.py": "tests/worker/store/test_audits.py, against both stores",
    "worker/store/lanes.py": "tests/worker/store/test_contract.py, against both stores",
    "worker/store/ledger.py": "tests/worker/store/test_contract.py, against both stores",
    "worker/store/letters.py": "tests/worker/store/test_contract.py, against both stores",
    "worker/store/memory.py": "tests/worker/store/test_contract.py, against both stores",
    "worker/store/memory_reading.py": "tests/worker/store/test_contract.py, against both stores",
    "worker/store/memory_sweeps.py": "tests/worker/store/test_sweeps.py, against both stores",
    "worker/store/memory_state.py": "tests/worker/store/test_contract.py, against both stores",
}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return a function's lines without its docstring."""
    body = function.body
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


def relative(path: Path) -> str:
    """Return a path as it is named from the top."""
    return path.relative_to(ROOT).as_posix()


def test_modules_stay_readable() -> None:
    """No module is longer than 400 lines, and half of them are no longer than 100."""
    lines = {relative(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > 400} == {}
    assert statistics.median(lines.values()) <= 100


def test_functions_fit_on_a_screen() -> None:
    """No function is longer than 50 lines; nine of ten are no longer than 25."""
    lengths = {
        f"{relative(path)}:{function.name}": length(function)
        for path in MODULES
        for function in functions(ast.parse(path.read_text()))
    }
    assert {name: count for name, count in lengths.items() if count > 50} == {}
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= 25


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_every_module_has_its_tests(path: Path) -> None:
    """A module with behaviour is proved by the test file that bears its name."""
    name = relative(path)
    has_behaviour = any(True for _ in functions(ast.parse(path.read_text())))
    if has_behaviour and name not in PROVED_ELSEWHERE:
        mirror = ROOT / "tests" / path.relative_to(ROOT).with_name(f"test_{path.stem}.py")
        assert mirror.exists(), f"{name} has no {relative(mirror)}"


def test_nobody_wears_a_name_that_says_nothing() -> None:
    """No module is called utils, helpers, common, misc or manager."""
    empty = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "handlers"}
    assert [relative(path) for path in MODULES if path.stem in empty] == []


def test_lock_files_name_no_index() -> None:
    """Pinned by hash, and without the address of any index."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text


def test_links_in_documents_lead_somewhere() -> None:
    """Every relative link in a document names a file that is there."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "sandbox").glob("*.md")]
    broken = [
        f"{relative(document)}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text())
        if "://" not in target and not (document.parent / target).exists()
    ]
    assert broken == []


def test_scripts_draw_their_keys() -> None:
    """Every Lua verb opens with its name and says what it returns or promises, and what its keys are."""
    for script in (ROOT / "worker/store/lua").glob("*.lua"):
        head = script.read_text().split("\n\n")[0]
        assert head.startswith(f"-- {script.stem}: "), script.name
        assert "\n-- KEYS " in script.read_text(), script.name
        assert "\n-- ARGV " in script.read_text(), script.name
