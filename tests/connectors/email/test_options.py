"""The options of a mail channel."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.email.options import EmailOptions

OPTIONS = EmailOptions.model_validate(
    {"addresses": ["Support@Example.com", "*@help.example.com", "größe@example.com"]}
)


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("support@example.com", True),
        ("SUPPORT@EXAMPLE.COM", True),
        ("anyone@help.example.com", True),
        ("GRÖSSE@example.com", True),
        ("sales@example.com", False),
        ("support@example.com.evil.example", False),
        ("anyone@sub.help.example.com", False),
        ("support", False),
        ("", False),
        ("@", False),
        ("\udcff@help.example.com", True),
    ],
)
def test_recipients(address: str, *, known: bool) -> None:
    """An address is the channel's if it is named, or its whole domain is; letter case does not matter."""
    assert OPTIONS.names(address) is known


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"addresses": []},
        {"addresses": ["support"]},
        {"addresses": ["*"]},
        {"addresses": ["s*@example.com"]},
        {"addresses": ["a b@example.com"]},
        {"addresses": ["<a@example.com>"]},
        {"addresses": ["a@example.com"], "preview_chars": 5},
        {"addresses": ["a@example.com"], "preview_chars": 15_000},
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    """No address, what is none, and previews of absurd size are refused."""
    with pytest.raises(ValidationError):
        EmailOptions.model_validate(options)
