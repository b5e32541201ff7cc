"""The image: linted, and equal to what the package and the lock file say."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "deploy/Dockerfile").read_text()
STAGES = TEXT.split("\nFROM ")


def test_hadolint_finds_nothing_to_say() -> None:
    """With all of its rules."""
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, ROOT / "deploy/Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_holds_the_packages_of_the_wheel() -> None:
    """All of them and no others, and nothing else of the tree is sent to the builder."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])
    copied = set(re.findall(r"^COPY (\w+) \1$", TEXT, re.MULTILINE)) | {"celeryconfig.py"}
    assert copied == packages
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    assert packages <= allowed
    beside = {"requirements.lock", "pyproject.toml", "README.md", "LICENSE", "deploy/sbom.py"}
    assert allowed - packages <= beside


def test_everything_is_pinned_and_nothing_builds() -> None:
    """From the lock file, by hash, from wheels alone; what installs does not come along, nor does root."""
    assert "--only-binary :all: --no-binary authres --require-hashes -r requirements.lock" in STAGES[1]
    assert "pip uninstall --yes hatchling editables" in STAGES[1]
    last = STAGES[-1]
    assert "pip install" not in last
    assert "apt-get" not in last
    assert "USER 10001:10001" in last
    assert last.index("USER 10001:10001") < last.index("ENTRYPOINT")
    assert "HEALTHCHECK" in last


def test_the_bill_of_materials_names_what_is_installed() -> None:
    """Each package once, with its version, the same bytes each time."""
    command = [sys.executable, ROOT / "deploy/sbom.py"]
    told = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert told[0] == told[1]
    bill = json.loads(told[0])
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert bill["metadata"]["component"]["name"] == "openmedia-bridge"
    parts = {each["purl"] for each in bill["components"]}
    assert len(parts) == len(bill["components"])
    assert f"pkg:pypi/celery@{version('celery')}" in parts
