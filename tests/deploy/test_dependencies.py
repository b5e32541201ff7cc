"""What is locked: each file by its hash, together without contradiction, under licences that we may ship."""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
#: What may be shipped: by SPDX, or as a package's older metadata calls it.
SHIPPED = {
    "Apache-2.0", "Apache Software License", "MIT", "MIT License", "MIT-0", "BSD-2-Clause", "BSD-3-Clause",
    "BSD License", "ISC License (ISCL)", "PSF-2.0", "Python Software Foundation License",
    "MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)",
}  # fmt: skip
#: What runs on our own machines only: beside the above.
OURS_ALONE = {
    "GNU Lesser General Public License v3 or later (LGPLv3+)",
    "GPL-3.0",
    "3-Clause BSD License",
    "Apache",
    "DFSG approved",
    "Apache License 2.0",
}
#: Packages whose metadata says nothing, and what their LICENSE file says.
BY_HAND = {"imapclient": "BSD-3-Clause", "axe-playwright-python": "MIT", "taskiq-dependencies": "MIT"}
#: Locked for other systems or older Pythons.
ELSEWHERE = {"async-timeout", "colorama"}


def locked(name: str) -> dict[str, str]:
    """Return what a lock file says of each package: all of its lines."""
    entries = re.split(r"^(?=[a-z0-9])", (ROOT / name).read_text(), flags=re.MULTILINE)
    found = (re.match(r"([a-z0-9.-]+)(?:\[.+?\])?==", each) for each in entries)
    return {match[1]: each for match, each in zip(found, entries, strict=True) if match}


def licences(package: str) -> set[str]:
    """Return the licences of an installed package, each in its own words."""
    about = metadata.metadata(package)
    # asked for first: a backport that another package brings raises for what is not there
    if "License-Expression" in about:
        return set(re.split(r" AND | OR |[()]", about["License-Expression"])) - {""}
    said = [each for each in about.get_all("Classifier") or [] if each.startswith("License ::")]
    named = {each.rpartition(" :: ")[2] for each in said} - {"OSI Approved"}
    written = about["License"].strip().partition("\n")[0] if "License" in about else ""
    return named or set(re.split(" AND | OR ", written)) - {""} or {BY_HAND.get(package, "nothing")}


@pytest.mark.parametrize("name", LOCKS)
def test_every_file_is_locked_by_its_hash(name: str) -> None:
    """Each package by one exact version and at least one SHA-256, and from nowhere but an index."""
    packages = locked(name)
    assert len(packages) > 50
    for package, entry in packages.items():
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), package
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert not re.search(r"^(-e|-i|--(?!hash)|\S+ @ )", text, re.MULTILINE)


def test_what_is_installed_fits_together() -> None:
    """No package wants another version of a package than the one that is locked."""
    command = (Path(sys.executable).with_name("uv"), "pip", "check", "--offline", "--python", sys.executable)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("name", "allowed"), [(LOCKS[0], SHIPPED), (LOCKS[1], SHIPPED | OURS_ALONE)])
def test_every_licence_is_allowed(name: str, allowed: set[str]) -> None:
    """Whatever comes in by an update says under which licence, and it is one of those we looked at."""
    told = {each: licences(each) for each in locked(name) if each not in ELSEWHERE}
    assert {each: said - allowed for each, said in told.items() if said - allowed} == {}


def test_both_locks_mean_the_same_versions() -> None:
    """What is tested is what is shipped."""
    shipped, tested = (locked(name) for name in LOCKS)
    versions = [{each: entry.split()[0] for each, entry in lock.items()} for lock in (shipped, tested)]
    assert versions[0].items() <= versions[1].items()
