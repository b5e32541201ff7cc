"""The documents of the connectors say what is."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from connectors.inbound.kinds import INBOUND
from connectors.registry import OWN, PRESETS, build, kind
from worker.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "connectors"
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Secrets of a form of their own.
SECRETS = {
    "standard-webhooks": ("whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy0=",),
    "basic": ("user:secret",),
    "none": (),
}
SERVICE = {"support": {"base_url": "https://host.example/nexus/v3", "api_key": "env:KEY"}}


def page(name: str) -> str:
    """Return the page of a kind; those of mail that a provider receives share one."""
    return (PAGES / f"{'inbound' if name in INBOUND else name}.md").read_text("utf-8")


def channels(text: str) -> list[Any]:
    """Return every channel that a page shows; what a later block shows belongs to the first one's."""
    first: dict[str, Any] = {"services": SERVICE}
    found = []
    for language, _, block in BLOCK.findall(text):
        if language == "toml":
            written = joined(first, tomllib.loads(block))
            first = first if found else written
            found += Settings.model_validate(written).channels.items()
    return found


def joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return two tables as one."""
    both = {**first, **second}
    for name in first.keys() & second.keys():
        if isinstance(first[name], dict) and isinstance(second[name], dict):
            both[name] = joined(first[name], second[name])
    return both


@pytest.mark.parametrize("name", [*PRESETS, *OWN])
def test_what_a_page_shows_can_be_pasted(name: str) -> None:
    """The settings on a kind's page are a channel of that kind, and can be built."""
    shown = [(channel, each) for channel, each in channels(page(name)) if each.connector == name]
    assert shown or name in INBOUND
    for channel, settings in shown:
        secrets = SECRETS.get(str(settings.verify or kind(name).verify), ("secret",) * len(settings.secrets))
        assert build(channel, settings, lambda secrets=secrets: secrets).name == name


def test_the_index_has_every_kind() -> None:
    """Whoever looks for a sender finds it in one table."""
    rows = re.findall(r"^\| \[(\S+?)\]", (PAGES / "README.md").read_text("utf-8"), re.MULTILINE)
    assert rows == sorted({*OWN, *PRESETS} - INBOUND.keys())
    assert set(re.findall(r"^\| `(\S+)` \|", page("mime"), re.MULTILINE)) == INBOUND.keys()


@pytest.mark.parametrize("name", PRESETS)
def test_a_page_names_what_it_promises(name: str) -> None:
    """Opens, updates, stops, conversation, key, ignored, proof, answer: each page has them all."""
    text = (PAGES / f"{name}.md").read_text("utf-8")
    rows = re.findall(r"^\| ([a-z ]+) \| [^|]+ \|$", text, re.MULTILINE)
    assert rows == [
        "opens",
        "updates",
        "stops",
        "conversation",
        "idempotency key",
        "ignored",
        "proof",
        "answer",
    ]


@pytest.mark.parametrize("name", PRESETS)
def test_a_page_names_every_property(name: str) -> None:
    """What stands in the user data is said where the kind is described."""
    text = (PAGES / f"{name}.md").read_text("utf-8")
    options: Any = kind(name).options
    tables = [options["user_data"], *(rule.get("user_data", {}) for rule in options["rules"])]
    assert [each for table in tables for each in table if f"`{each}`" not in text] == []


def test_the_example_passes_the_suite(tmp_path: Path) -> None:
    """The package of writing-one.md is found by its entry points and holds what every connector promises."""
    for _, name, text in BLOCK.findall((PAGES / "writing-one.md").read_text("utf-8")):
        if name:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.removesuffix("\n") if name.endswith(".http") else text, "utf-8")
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]
    info = tmp_path / "pigeon_post-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n")
    points = project["entry-points"]["openmedia_bridge.connectors"]
    lines = [f"{name} = {place}" for name, place in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[openmedia_bridge.connectors]", *lines]))
    suite = "tests/connectors/test_conformance.py"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", suite, "-k", "pigeon", "-v", "-p", "no:cacheprovider"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "BRIDGE_FUZZ_BODIES": "500"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "mean_the_same[pigeon-landed] PASSED" in ran.stdout
    assert "mean_the_same[pigeon-ring-line] PASSED" in ran.stdout
