"""Looks for secrets in every file of the tree that git knows, as `make lint` does. Needs no network.

What looks like one and is none (published test vectors, invented keys) stands in `.secrets.baseline`, by hash
and file; `--accept` writes it anew, and its difference is to be read before it is committed. Words such as
`password = "…"` in code are ruff's to find (S105 to S107).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

# Lines in which no detector could find anything are left out: half of the time, and the same findings.
os.environ["DETECT_SECRETS_PERF_PREGATE"] = "1"

from detect_secrets import SecretsCollection
from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.settings import transient_settings

BASELINE = ".secrets.baseline"
#: Digests and pictures.
_BESIDE = (".lock", ".png", BASELINE)
#: What our own runs report: traces and fingerprints of commands that they made up.
_REPORTS = "docs/evidence/"
_DETECTORS = (
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "Base64HighEntropyString",
    "BasicAuthDetector",
    "GitHubTokenDetector",
    "HexHighEntropyString",
    "JwtTokenDetector",
    "PrivateKeyDetector",
    "SendGridDetector",
    "SlackDetector",
    "StripeDetector",
    "TwilioKeyDetector",
)
#: What a secret is known by: file, kind, hash.
Mark = tuple[str, str, str]


def tracked(root: Path) -> list[str]:
    """Return the files that git knows, or would add, but those that are looked at by no detector."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.split("\0") if name and not name.startswith(_REPORTS)]
    return [name for name in names if not name.endswith(_BESIDE)]


def found_in(root: Path, names: Iterable[str]) -> dict[Mark, PotentialSecret]:
    """Return what looks like a secret in files beneath a directory."""
    there = [name for name in names if (root / name).is_file()]
    with transient_settings({"plugins_used": [{"name": each} for each in _DETECTORS]}):
        secrets = SecretsCollection(root=str(root))
        secrets.scan_files(*there)
    return {(name, each.type, each.secret_hash): each for name, each in secrets}


def known(root: Path) -> set[Mark]:
    """Return what was looked at by a person."""
    return {(name, kind, digest) for name, kind, digest in json.loads((root / BASELINE).read_text())}


def main(root: Path, arguments: list[str]) -> int:
    """Scan a tree; return 1 where something is new, and say where, never what."""
    found = found_in(root, tracked(root))
    if arguments == ["--accept"]:
        lines = ",\n".join(json.dumps(mark) for mark in sorted(found))
        (root / BASELINE).write_text(f"[\n{lines}\n]\n")
        return 0
    new = sorted(found.keys() - known(root))
    for mark in new:
        sys.stderr.write(f"{mark[0]}:{found[mark].line_number}: looks like a secret ({mark[1]})\n")
    if new:
        sys.stderr.write(
            "a real one: change it where it opens doors. Otherwise: python -m tests.secret_scan --accept\n"
        )
    return bool(new)


if __name__ == "__main__":
    sys.exit(main(Path.cwd(), sys.argv[1:]))
