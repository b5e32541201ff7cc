"""What a mail puts into user data."""

import re

import orjson
import pytest

import connectors.email
from connectors.email.message import Mail
from connectors.email.properties import user_data
from connectors.email.threads import Thread
from worker.properties import is_reserved


def mail(text: str, subject: str = "s") -> Mail:
    """Return a mail that says something."""
    return Mail("m", Thread("t", is_reply=False), subject, "a@example.org", "A", "b@example.org", "", text)


def test_every_property_is_always_there() -> None:
    """Each documented property is set by every mail, under a name that is free."""
    found = user_data(mail(""), 100)
    assert list(found) == re.findall(r"^\| `(\w+)` \|", connectors.email.__doc__ or "", re.MULTILINE)
    assert not any(map(is_reserved, found))
    assert all(isinstance(value, str) for value in found.values())


@pytest.mark.parametrize(
    ("length", "truncated"), [(0, "false"), (100, "false"), (101, "true"), (9000, "true")]
)
def test_the_preview_says_whether_there_is_more(length: int, truncated: str) -> None:
    """A text over the preview's length is cut, and that is said."""
    found = user_data(mail("x" * length), 100)
    assert len(str(found["Preview"])) == min(length, 100)
    assert found["PreviewTruncated"] == truncated


def test_the_budget_cuts_as_well() -> None:
    """A preview that is short enough in characters may still be too many bytes; that is said as well."""
    found = user_data(mail("語" * 9000, subject="s" * 3000), 14_000)
    assert len(orjson.dumps(found)) <= 16_000
    assert found["Subject"] == "s" * 3000
    assert str(found["Preview"]).endswith(" […]")
    assert found["PreviewTruncated"] == "true"
