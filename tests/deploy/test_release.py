"""One version, one list of checks, and packages that work where nothing else is installed."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
VERSION = PROJECT["project"]["version"]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the wheel and the sdist, built as `make dist` builds them."""
    directory = tmp_path_factory.mktemp("dist")
    recipe = recipe_of("dist")
    [build] = [line for line in recipe if "hatchling" in line]
    words = build.replace("$(BIN)", str(BIN)).split()
    subprocess.run([*words[: words.index("-d") + 1], directory], cwd=ROOT, check=True, capture_output=True)
    return directory


def recipe_of(target: str) -> list[str]:
    """Return the commands of a target of the Makefile."""
    text = (ROOT / "Makefile").read_text()
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    assert found, target
    return [line.strip().removeprefix("@") for line in found[1].splitlines()]


def read_yaml(path: str) -> Any:  # noqa: ANN401 - YAML
    """Return what a file of the tree says."""
    return yaml.safe_load((ROOT / path).read_text())


def test_there_is_one_version() -> None:
    """The package's; the chart and its image follow, and the program says it."""
    chart = read_yaml("deploy/chart/Chart.yaml")
    assert (chart["version"], chart["appVersion"]) == (VERSION, VERSION)
    command = [BIN / "bridge", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == f"openmedia-bridge {VERSION}\n"
    written = [
        path
        for path in (ROOT / "bridge").rglob("*.py")
        if re.search(r"^__version__", path.read_text(), re.MULTILINE)
    ]
    assert written == []


def test_the_changelog_says_what_comes() -> None:
    """Unreleased on top; below it each release with its day, the newest first."""
    heads = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heads[0] == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)", head) for head in heads[1:])


def test_the_workflow_runs_what_ci_runs() -> None:
    """`.ci/run` and nothing beside it, as root in a plain container; it is a workflow by GitHub's schema."""
    path = ".github/workflows/ci.yml"
    command = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows")
    done = subprocess.run([*command, ROOT / path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    workflow = read_yaml(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
        assert job["container"].startswith("python:3.")
        assert job["timeout-minutes"] <= 60


def test_what_is_locked_is_audited_where_there_is_a_network() -> None:
    """Every day, by a pinned tool that looks at both lock files and fails where it could not look."""
    path = ".github/workflows/audit.yml"
    command = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows")
    done = subprocess.run([*command, ROOT / path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    workflow = read_yaml(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert "schedule" in workflow[True], "YAML reads the key `on` as a truth"
    install, audit = (step["run"] for step in workflow["jobs"]["audit"]["steps"] if "run" in step)
    assert re.search(r" pip-audit==[\d.]+$", install)
    assert "--strict --require-hashes" in audit
    assert audit.endswith("-r requirements.lock -r requirements-dev.lock")


def test_ci_runs_the_whole_suite() -> None:
    """Its last command is `make test`, which lints first."""
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert lines[-1] == "make test"
    assert re.search(r"^test: .*\blint\b", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_commit_hooks_are_the_lint_of_ci() -> None:
    """The same commands in the same order, from the tree's own environment: no hook of anybody else's."""
    [repository] = read_yaml(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    hooks = repository["hooks"]
    assert [hook["entry"] for hook in hooks] == [
        line.replace("$(BIN)", ".venv/bin") for line in recipe_of("lint")
    ]
    assert all((hook["language"], hook["pass_filenames"]) == ("system", False) for hook in hooks)


def test_the_wheel_holds_the_packages_and_the_sdist_the_tree(built: Path) -> None:
    """With what is no Python, and without what is nobody's business."""
    [wheel], [sdist] = built.glob("*.whl"), built.glob("*.tar.gz")
    assert wheel.name == f"openmedia_bridge-{VERSION}-py3-none-any.whl"
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"worker/store/lua/append.lua", "bridge/default.toml", "celeryconfig.py"} <= names
    packages = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])
    tops = {name.split("/")[0] for name in names} - {f"openmedia_bridge-{VERSION}.dist-info"}
    assert tops == packages
    with tarfile.open(sdist) as archive:
        inside = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"pyproject.toml", "tests/conftest.py", "deploy/Dockerfile", "requirements.lock"} <= inside
    assert not [
        name for name in inside if name.startswith((".venv", "bridge-data", "deploy/secrets", "dist"))
    ]


@pytest.mark.timeout(400)
def test_an_empty_environment_passes_the_demonstration(built: Path, tmp_path: Path) -> None:
    """The image's own steps: the lock file by hash, the wheel, no tool that builds, and `bridge demo`."""
    [wheel] = built.glob("*.whl")
    python = tmp_path / "venv/bin/python"

    def run(*command: str | Path) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    uv = (BIN / "uv", "pip")
    run(BIN / "uv", "venv", "-q", "--python", sys.executable, tmp_path / "venv")
    into = ("-q", "--python", python)
    run(*uv, "install", *into, "--require-hashes", "-r", ROOT / "requirements.lock")
    run(*uv, "install", *into, "--no-deps", wheel)
    [gone] = re.findall(r"pip uninstall --yes (hatchling .*?) \\", (ROOT / "deploy/Dockerfile").read_text())
    run(*uv, "uninstall", *into, *gone.split())
    assert run(python, "-m", "bridge", "--version") == f"openmedia-bridge {VERSION}\n"
    run(python, "-m", "bridge", "demo")
