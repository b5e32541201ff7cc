"""A blob's path is told from its name, and back."""

import pytest

from worker.blob import BlobName
from worker.blobs.layout import name_at, path_of

NAME = BlobName.of("mail", b"x")


def test_there_and_back() -> None:
    """A folder for each channel, and in it one for the first two digits."""
    assert path_of(NAME) == f"mail/{NAME.digest[:2]}/{NAME.digest}"
    assert name_at(path_of(NAME)) == NAME


@pytest.mark.parametrize(
    "path",
    [
        "",
        "x",
        "mail/aa",
        f"mail/zz/{NAME.digest}",
        f"mail/{NAME.digest}",
        f"{path_of(NAME)}/x",
        "mail/2d/README",
    ],
)
def test_other_places_are_nobodys(path: str) -> None:
    """What others put there has no name."""
    assert name_at(path) is None
