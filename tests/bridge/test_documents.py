"""The commands in README and docs: some are run on a bridge that runs, the others must make sense."""

import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer.main

from bridge.cli.program import app
from bridge.home import Home
from worker.settings import Settings

if TYPE_CHECKING:
    from tests.bridge.conftest import Up

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(?P<kind>sh|python|toml)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
#: Its blocks are run one after the other, all of them.
TUTORIAL = "docs/tutorial.md"
#: Where the tutorial says that things are.
_USUAL = ("http://127.0.0.1:8080", "http://127.0.0.1:8099", "127.0.0.1:8025")
#: Blocks of other documents that are run as they stand, in this order, by document and beginning.
RUN: tuple[tuple[str, str], ...] = (
    ("README.md", ".venv/bin/bridge show support EXTERNAL_ID"),
    ("docs/operations.md", "bridge pause support"),
    ("docs/api.md", "curl -sS $API -H"),
    ("docs/api.md", 'curl -sS "$API/order%2F1042/commands/1"'),
    ("docs/api.md", 'curl -sS "$API/order%2F1042/update"'),
    ("docs/console.md", "API=http://127.0.0.1:8090/admin/v1"),
    ("docs/console.md", "bridge audit-log"),
)
#: Blocks of which every command of ours is only held against the program, and why they are not run.
ONLY_READ: dict[tuple[str, str], str] = {
    ("README.md", "make run"): "they are what CI does",
    ("README.md", "bridge intake"): "processes that do not end",
    ("docs/api.md", "KEY="): "the setting of those that are run",
    (
        "docs/api.md",
        'curl -sS "$API/order%2F1042/sent"',
    ): "tests/stories/test_command_api.py: needs a mail channel",
    ("docs/connectors/writing-one.md", "python -m pytest"): "tests/connectors/test_documents.py runs it",
    ("docs/console.md", "bridge console password"): "asks a person twice",
    ("docs/guarantees.md", "make faults"): "takes half an hour",
    ("docs/operations.md", "bridge status"): "top goes on until somebody presses q",
    ("docs/operations.md", "for service in"): "tests/bridge/test_moving.py: needs a second store",
    ("docs/operations.md", "install -d"): "tests/stories/test_users.py exports as that user; needs Docker",
    (
        "docs/operations.md",
        "docker compose",
    ): "tests/stories/test_users.py imports as that user; needs Docker",
    ("docs/operations.md", "rabbitmqctl"): "tests/stories/test_rabbitmq.py: another program's",
    ("docs/operations.md", "mkdir -p -m 700 secrets"): "tests/stories/test_rabbitmq.py runs it",
    ("docs/operations.md", "deploy/make-secrets.sh"): "tests/deploy/test_compose.py: needs Docker",
    ("docs/operations.md", "python3 -m venv"): "changes the machine",
    ("docs/operations.md", "kubectl"): "needs a cluster",
    ("docs/operations.md", "bridge conform"): "tests/bridge/test_conform.py; a sandbox does not end",
    ("docs/operations.md", "bridge show"): "tests/bridge/test_show.py and test_key.py: as typed there",
    ("docs/operations.md", "bridge mail prune"): "tests/bridge/test_mail_prune.py",
    ("docs/operations.md", "bridge privacy"): "tests/bridge/test_privacy.py: needs a person",
    ("docs/operations.md", "bridge sweep"): "tests/bridge/test_sweep.py: needs a service that is swept",
    (
        "docs/operations.md",
        "bridge dead list",
    ): "tests/bridge/test_letters.py and its neighbours: need a letter",
    ("docs/operations.md", "bridge dead replay"): "as above",
    ("docs/operations.md", "bridge dead edit"): "as above",
    ("docs/operations.md", "bridge dead discard"): "as above",
}


def blocks(kind: str) -> Iterator[tuple[str, str]]:
    """Yield every block of a language, with the document that it stands in."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for found in _BLOCK.finditer(path.read_text(encoding="utf-8")):
            if found["kind"] == kind:
                yield path.relative_to(ROOT).as_posix(), found["text"]


def named(table: Any, document: str, text: str) -> list[tuple[str, str]]:  # noqa: ANN401 - of either table
    """Return the rows that name a block."""
    return [row for row in table if row[0] == document and text.startswith(row[1])]


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of every command of ours in a block, however it is begun."""
    for line in text.replace("\\\n", " ").splitlines():
        for part in line.partition(" #")[0].split(";"):
            words = list(itertools.dropwhile(_is_before, shlex.split(part)))
            if words and Path(words[0]).name == "bridge":
                yield words[1:]


def _is_before(word: str) -> bool:
    return word in {"do", "then"} or re.match(r"[A-Z_]+=", word) is not None


OURS = [(document, words) for document, text in blocks("sh") for words in commands(text)]


@pytest.mark.parametrize(("document", "words"), OURS, ids=[" ".join(words)[:60] for _, words in OURS])
def test_every_command_in_a_document_can_be_typed(document: str, words: list[str]) -> None:
    """Its words are commands, its options are there, and nothing that is needed is left out."""
    found: Any = typer.main.get_command(app)
    rest = list(words)
    while getattr(found, "commands", None) and rest and rest[0] in found.commands:
        found = found.commands[rest.pop(0)]
    assert rest != words, f"{document}: bridge {shlex.join(words)} names no command"
    found.make_context(words[0], rest)  # raises a sentence about what is wrong


def test_every_block_is_in_one_table() -> None:
    """Whoever writes a block says whether it is run; a row that names none is no longer needed."""
    found = [(document, text) for document, text in blocks("sh") if document != TUTORIAL]
    rows = {
        (document, text): named(RUN, document, text) + named(ONLY_READ, document, text)
        for document, text in found
    }
    assert {key[1][:60]: each for key, each in rows.items() if len(each) != 1} == {}
    assert {*RUN, *ONLY_READ} == {row for each in rows.values() for row in each}


@pytest.mark.story
@pytest.mark.timeout(300)
def test_the_blocks_do_what_they_say(live: "Up") -> None:
    """One after the other in a shell, as somebody pastes them; a request that is refused fails."""
    # a conversation of its own: the printed webhook belongs to the test of what is printed
    external_id = "documented"
    assert live.bridge("send", "create", "support", external_id, "--data", "Subject=Hello").returncode == 0
    live.shown(external_id)
    secrets = Path(live.places["data"]) / "secrets"
    setting = f"""
KEY=$(cat {secrets}/example-client.key)
API={live.places["intake"]}/v1/services/support/interactions
TOKEN=none
"""
    texts = [next(text for document, text in blocks("sh") if named([row], document, text)) for row in RUN]
    pasted = "\n".join(texts).replace(".venv/bin/bridge", "bridge").replace("EXTERNAL_ID", external_id)
    pasted = pasted.replace("http://127.0.0.1:8090", str(live.places["console"]))
    _shell(live, f"{setting}{pasted}\nbridge resume support\n")


@pytest.mark.story
@pytest.mark.timeout(300)
def test_the_tutorial_leads_where_it_says(start: "Callable[..., Up]") -> None:
    """Each of its commands works; a webhook is accepted once, and two mails are one interaction."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl is installed")
    before, after = re.split(r"^make run\n", "".join(_texts(TUTORIAL)), flags=re.MULTILINE)[1:]
    up = start()
    (mail,) = re.findall(r"external_id\s+(desk-\S+)", _learn(up, before))
    assert up.end() == 0
    up = start()
    said = _learn(up, after)
    assert [said.count(f'"status":"{each}"') for each in ("accepted", "duplicate")] == [2, 1]
    assert '"externalId": "A-1001"' in said
    assert up.shown("A-1001", sequence=2)["interaction"]["state"] == "ended"
    assert up.shown(mail, sequence=2)["interaction"]["state"] == "open"


def test_the_tutorials_settings_can_be_pasted(tmp_path: Path) -> None:
    """What it shows of a real mailbox belongs beneath what it had put into the settings before."""
    written = [Home.at(tmp_path).default_settings().read_text(encoding="utf-8")]
    for text in _texts(TUTORIAL):
        written += re.findall(r"<<'TOML'\n(.*?)^TOML$", text, re.DOTALL | re.MULTILINE)
    written += [text for document, text in blocks("toml") if document == TUTORIAL]
    settings = Settings.model_validate(tomllib.loads("\n".join(written)))
    assert settings.channels["shop"].connector == "webhook"
    assert settings.channels["desk"].mailbox is not None


@pytest.mark.story
def test_the_python_block_does_what_it_says(live: "Up") -> None:
    """Another Celery producer's send_task opens an interaction."""
    (text,) = (text for document, text in blocks("python") if document == "README.md")
    program = f"from worker.app import app\n{text}"
    env = {**os.environ, **live.places["environment"]}
    subprocess.run([sys.executable, "-c", program], env=env, cwd=live.directory, check=True, timeout=60)
    assert live.shown("order-1042")["interaction"]["state"] == "open"


def _texts(document: str) -> list[str]:
    return [text for each, text in blocks("sh") if each == document]


def _learn(up: "Up", text: str) -> str:
    """Do what a part of the tutorial says, and return what was seen."""
    smtp = "{host}:{port}".format(**up.places["smtp"])
    for usual, place in zip(_USUAL, (up.places["intake"], up.places["sandbox"], smtp), strict=True):
        text = text.replace(usual, place)
    return _shell(up, text)


def _shell(live: "Up", script: str) -> str:
    """Run a script whose commands must all come off, and return what it wrote."""
    setting = f"""set -e
curl() {{ command curl --fail-with-body --retry 9 --retry-all-errors --retry-delay 1 "$@"; }}
bridge() {{ {sys.executable} -m bridge "$@"; }}
"""
    env = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    done = subprocess.run(
        ["/bin/bash", "-c", setting + script],
        cwd=live.directory,
        env={**env, "BRIDGE_DATA": str(live.places["data"])},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout
