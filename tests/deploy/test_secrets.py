"""The scan of `make lint` finds what it should, and knows what is none."""

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests import secret_scan

_PEM = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
#: Made up here, and put together here only, so that no scan of this file finds them.
PLANTED = {
    "key.pem": Ed25519PrivateKey.generate().private_bytes(*_PEM).decode(),
    "deploy/values.yaml": "token: '" + "ghp_" + "0aB1cD2eF3gH4i" + "J5kL6mN7oP8qR9sT0uV1wX" + "'\n",
    "notes.md": "see https://bridge:" + "q8Zt5Rw2LxV9@redis.internal/0\n",
    "worker/client.py": f'KEY = "{hashlib.sha256(b"planted").hexdigest()}"\n',
    "console/aws.toml": "id = 'AKIA" + "2J7QX5PLM3NRT6WZ'\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree under git with nothing to find, of which nobody has accepted anything."""
    subprocess.run(("git", "init", "-q"), cwd=tmp_path, check=True)  # noqa: S607 - where the system has it
    (tmp_path / ".gitignore").write_text("ignored.txt\n")
    (tmp_path / "README.md").write_text('`api_key = "env:SUPPORT_KEY"`, or `file:secrets/support.key`\n')
    (tmp_path / "ignored.txt").write_text(PLANTED["notes.md"])
    (tmp_path / secret_scan.BASELINE).write_text("[]\n")
    return tmp_path


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_secret_is_found(tree: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Wherever it is put, before it is committed; the place is told, and not the secret."""
    assert secret_scan.main(tree, []) == 0
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text(f"first line\n{PLANTED[name]}")
    assert secret_scan.main(tree, []) == 1
    said = capsys.readouterr().err
    assert re.match(rf"{name}:[23]: looks like a secret \(", said), said
    assert not any(word in said for word in ("ghp_", "q8Zt5", "AKIA"))


def test_what_was_accepted_is_not_found_again(tree: Path) -> None:
    """In its file, wherever it stands there; in another file it is new."""
    (tree / "notes.md").write_text(PLANTED["notes.md"])
    assert secret_scan.main(tree, ["--accept"]) == 0
    (tree / "notes.md").write_text(f"a line before\n{PLANTED['notes.md']}")
    assert secret_scan.main(tree, []) == 0
    (tree / "more.md").write_text(PLANTED["notes.md"])
    assert secret_scan.main(tree, []) == 1


def test_the_accepted_ones_hold_no_secret() -> None:
    """The file has hashes alone; of the product's code nothing is accepted, only of documents and tests."""
    accepted = secret_scan.known(Path(__file__).parents[2])
    assert all(len(digest) == 40 for _, _, digest in accepted)
    assert {name.split("/")[0] for name, _, _ in accepted} <= {"docs", "tests"}
    assert len(json.dumps(sorted(accepted))) < 20_000
