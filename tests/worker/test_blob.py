"""Names of blobs are the hash of their bytes, and nothing else is a name."""

import hashlib

import pytest

from worker.blob import BlobName

DIGEST = hashlib.sha256(b"x").hexdigest()


def test_a_name_is_its_hash() -> None:
    """And can be written and read."""
    name = BlobName.of("mail", b"x")
    assert str(name) == f"mail/{DIGEST}"
    assert BlobName.read(str(name)) == name


@pytest.mark.parametrize(
    "written",
    [
        "",
        "mail/",
        f"/{DIGEST}",
        f"../{DIGEST}",
        f"a/b/{DIGEST}",
        f"mail/{DIGEST}0",
        f"mail/{DIGEST.upper()}",
        f"mail/{DIGEST}\n",
    ],
)
def test_nothing_else_is_a_name(written: str) -> None:
    """Above all nothing that leads out of its folder."""
    assert BlobName.read(written) is None
