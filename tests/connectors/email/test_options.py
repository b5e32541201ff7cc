"""The options of a mail channel."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.email.machines import Sort
from connectors.email.options import EmailOptions, MachineOptions

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


def test_a_plus_is_part_of_the_address_unless_it_holds_tokens() -> None:
    """With tokens, `support+TOKEN@…` is the channel's; without them it is another mailbox."""
    assert not OPTIONS.names("support+abc@example.com")
    options = EmailOptions.model_validate(
        {"addresses": ["support@example.com"], "thread": {"plus_token": True}}
    )
    assert options.names("Support+abc@example.com")
    assert not options.names("sales+abc@example.com")
    assert options.split_plus("Support+abc@example.com") == ("Support@example.com", "abc")
    assert options.split_plus("a@example.org") == ("a@example.org", "")


def test_every_kind_of_program_has_a_policy() -> None:
    """Nothing is let go that a person wrote, and each sort but a person's can be set."""
    machines = MachineOptions()
    assert machines.of(Sort.PERSON) == "deliver"
    named = {sort.replace("-", "_") for sort in Sort if sort is not Sort.PERSON}
    assert set(MachineOptions.model_fields) == named
    assert machines.of(Sort.REPORT) == machines.delivery_report == "ignore"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"thread": {"subject_token": "("}}, "no regular expression"),
        ({"thread": {"subject_token": "#\\w+"}}, "has 0 groups"),
        ({"thread": {"subject_token": "(#)(\\w+)"}}, "has 2 groups"),
        ({"thread": {"window_days": 0}}, "greater than 0"),
        ({"machines": {"bounce": "delete"}}, "deliver"),
        ({"machines": {"person": "ignore"}}, "not permitted"),
        ({"loops": {"mails": 1000}}, "900"),
        ({"trust": {"failed": "ignore"}}, "refuse"),
        ({"once_per": "day"}, "recipient"),
    ],
)
def test_wrong_choices_are_explained(options: dict[str, Any], message: str) -> None:
    """What does not exist is refused, with what does."""
    with pytest.raises(ValidationError, match=message):
        EmailOptions.model_validate({"addresses": ["a@example.com"], **options})
