"""Kinds that are rules in a file."""

import re
from pathlib import Path

import pytest

from connectors.preset import merged, read_preset
from connectors.prover import Prover
from connectors.signatures.unsigned import Unsigned
from connectors.webhook.connector import WebhookConnector
from worker.errors import SettingsError
from worker.settings import ChannelSettings

TEXT = """
summary = "Pigeons; a flight is a conversation"
verify = "hmac"
secret = "the ring's number"
makes_secret = true
[options]
external_id = "body.flight"
rules = [{ when = "body.landed", do = "stop" }]
[options.user_data]
Pigeon = "body.name"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A preset."""
    path = tmp_path / "pigeon.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_file_is_a_kind(file: Path) -> None:
    """What the file says of its kind is said to whoever sets up a channel."""
    found = read_preset(file)
    assert (found.summary, found.verify) == ("Pigeons; a flight is a conversation", "hmac")
    assert (found.secret, found.makes_secret) == ("the ring's number", True)


def test_a_channel_speaks_before_its_kind(file: Path) -> None:
    """A channel's rules are looked at first; of properties and of single options its word wins."""
    options = {
        "user_data": {"Loft": {"value": "north"}, "Pigeon": "body.nick"},
        "rules": [{"when": "body.lost", "do": "ignore"}],
        "on_ended": "drop",
    }
    settings = ChannelSettings(connector="pigeon", service="support", options=options)
    connector = read_preset(file).build("shop", settings, Prover(Unsigned(), tuple, {}))
    assert isinstance(connector, WebhookConnector)
    assert connector.name == "pigeon"
    mapper = connector.mapper
    assert [rule.do.value for rule in mapper.rules] == ["ignore", "stop"]
    assert repr(mapper.options.user_data["Pigeon"]) == "Expression('body.nick')"
    assert "Loft" in mapper.options.user_data
    assert mapper.rules[1].on_ended == "drop"


def test_what_the_channel_does_not_say_stays() -> None:
    """Tables are merged by key, lists of rules follow one another, all else is replaced."""
    preset = {"a": 1, "t": {"x": 1, "y": 2}, "rules": [1], "l": [1]}
    assert merged(preset, {"t": {"y": 3}, "rules": [2], "l": [2]}) == {
        "a": 1,
        "t": {"x": 1, "y": 3},
        "rules": [2, 1],
        "l": [2],
    }
    assert merged(preset, {}) == preset


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("summary = ", "cannot be read: "),
        ('summary = "x"', "pigeon.toml.options: Field required"),
        ('summary = ""\n[options]', "pigeon.toml.summary: "),
        ('summary = "x"\ncolour = "red"\n[options]', "pigeon.toml.colour: Extra inputs"),
    ],
)
def test_a_bad_file_is_named(file: Path, text: str, complaint: str) -> None:
    """Whoever writes a preset is told which file and what is wrong with it."""
    file.write_text(text)
    with pytest.raises(SettingsError, match=re.escape(complaint)) as error:
        read_preset(file)
    assert "pigeon.toml" in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is a sentence as well."""
    with pytest.raises(SettingsError, match=r"nothing\.toml cannot be read"):
        read_preset(tmp_path / "nothing.toml")
