"""Every command that answers a person answers a script as well: one line of JSON, and nothing else."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
import typer.main

from bridge.cli.program import app

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator

#: Commands whose answer is a process that runs, and what it says are log lines.
PROCESSES = {"intake", "worker", "beat", "sandbox"}
#: What each command is given here. Those that need more than a store are named with the test that runs them.
SAMPLES: dict[str, tuple[str, ...]] = {
    "status": (),
    "top": (),
    "show": ("support", "c-1"),
    "check": (),
    "audit": ("--dry-run",),
    "dead list": ("support",),
    "dead show": ("support", "LETTER"),
    "dead replay": ("support", "--all", "--dry-run"),
    "dead edit": ("support", "LETTER", "--set", 'user_data.Skill="sales"', "--dry-run"),
    "dead discard": ("support", "--all", "--reason", "a test"),
    "pause": ("support", "--reason", "a test"),
    "resume": ("support",),
    "retry-now": ("support",),
    "sweep run": ("support", "--dry-run"),
    "sweep history": ("support",),
    "sweep pause": ("support", "--reason", "a test"),
    "sweep resume": ("support",),
    "channel list": (),
    "channel new": ("slack", "--service", "support"),
    "channel try": ("tickets", "delivery.json", "--unproved"),
    "channel pause": ("tickets", "--reason", "a test"),
    "channel resume": ("tickets",),
    "mail prune": ("--dry-run",),
    "export": ("moved.jsonl",),
    "privacy export": ("--service", "support", "--external-id", "c-1"),
    "privacy erase": ("--service", "support", "--external-id", "c-1"),
    "audit-log": (),
    "console end-visits": ("ann", "--reason", "a test"),
    "send create": ("support", "c-2", "--data", "Subject=Hello"),
    "send update": ("support", "c-2", "--changed", "Subject=Hello"),
    "send stop": ("support", "c-2"),
}
ELSEWHERE = {
    "import": "tests/bridge/test_moving.py: into another store",
    "up": "tests/bridge/conftest.py: every bridge that tests start is found by its line",
    "demo": "tests/bridge/test_demo.py",
    "mail ignored": "tests/bridge/test_ignored.py: of a mail channel",
    "mail sent": "tests/bridge/test_mail_sent.py: of a mail channel",
    "mail audit": "tests/stories/test_mail_imap.py: against a real server",
    "mail probe": "tests/stories/test_mail_smtp.py: through a real door",
    "conform": "tests/bridge/test_conform.py: against a sandbox",
    "console password": "tests/bridge/test_password.py: read from a pipe",
    "events send-test": "tests/bridge/test_send_test.py: with a receiver",
}


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer brings a click of its own
    """Yield every command that does something, with the words that call it."""
    inner = getattr(group, "commands", {})
    for name, each in inner.items():
        yield from commands(each, (*words, name))
    if not inner:
        yield " ".join(words), group


@pytest.fixture(autouse=True)
def _without_log_lines() -> None:
    """They go to standard error, which the operator's fixture does not set up."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


EVERY = dict(commands(typer.main.get_command(app)))


def answer(operator: "Operator", *arguments: str) -> Any:  # noqa: ANN401 - JSON of any shape
    """Run a command for a script and return its answer, which must be all that it writes."""
    result = operator.types(*arguments, "--json")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    (line,) = result.stdout.splitlines()
    return json.loads(line)


@pytest.mark.parametrize("name", EVERY)
def test_every_command_has_an_answer_for_scripts(name: str) -> None:
    """Whoever adds a command adds `--json`, and a sample of it here."""
    options = {option for parameter in EVERY[name].params for option in parameter.opts}
    assert ("--json" in options) != (name in PROCESSES)
    assert sum(name in table for table in (PROCESSES, SAMPLES, ELSEWHERE)) == 1


@pytest.mark.parametrize("name", SAMPLES)
def test_the_answer_is_one_line_of_json(
    operator: "Operator",
    tmp_path: Path,
    name: str,
    a_create: Any,  # noqa: ANN401 - a fixture's function
) -> None:
    """Whatever a command says to people, a script reads one line."""
    (tmp_path / "delivery.json").write_text('{"id": "7", "delivery": "d", "subject": "Cold"}')
    settings = tmp_path / "bridge.toml"
    settings.write_text(settings.read_text() + "[services.support.sweep]\nidle_s = 3600\n")
    (letter,) = operator.buries(a_create())
    said = answer(operator, *name.split(), *(letter if word == "LETTER" else word for word in SAMPLES[name]))
    assert isinstance(said, dict | list)


def test_an_action_says_what_it_did(operator: "Operator", a_create: Any) -> None:  # noqa: ANN401 - as above
    """The facts by their names: a script compares, and need not read."""
    assert answer(operator, "pause", "support", "--reason", "noon") == {
        "service": "support",
        "gate": "paused",
        "because": "noon",
    }
    assert answer(operator, "resume", "support")["was"] == {"gate": "paused", "because": "noon", "due": 0}
    assert answer(operator, "channel", "pause", "tickets", "--reason", "flood")["paused"] is True
    assert answer(operator, "channel", "resume", "tickets") == {
        "channel": "tickets",
        "paused": False,
        "was": "flood",
    }
    operator.defers(a_create())
    assert answer(operator, "retry-now", "support")["hastened"] == 1
    assert answer(operator, "sweep", "pause", "support", "--reason", "noon")["paused"] is True
    assert answer(operator, "sweep", "resume", "support")["was"] == "noon"


def test_letters_are_answered_for_one_by_one(operator: "Operator", a_create: Any) -> None:  # noqa: ANN401 - as above
    """How many there were, what became of each, and whether anything stays."""
    one, two = operator.buries(a_create("c-1"), a_create("c-2"))
    mended = answer(operator, "dead", "edit", "support", one, "--set", 'user_data.Skill="sales"')
    assert mended["changes"] == {"user_data.Skill": ['"none"', '"sales"']}
    assert mended["sequence"] == 1
    done = answer(operator, "dead", "replay", "support", two, "--rate", "500")
    assert (done["total"], done["done"], done["complete"]) == (1, 1, True)
    assert answer(operator, "dead", "discard", "support", "--all", "--reason", "noon")["total"] == 0


def test_kinds_and_a_new_channel_are_told(operator: "Operator") -> None:
    """The table, and the block of settings as text; appended, where it went."""
    assert {"kind", "for", "broken"} == set(answer(operator, "channel", "new")[0])
    assert (
        "[channels.slack]" in answer(operator, "channel", "new", "slack", "--service", "support")["settings"]
    )
    added = answer(operator, "channel", "new", "github", "--service", "support", "--append")
    assert added["channel"] == "github"
