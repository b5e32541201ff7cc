"""The commands that are printed to be pasted."""

import hmac
import shlex
import tomllib
from pathlib import Path

import pytest

from bridge.home import Home
from bridge.samples import samples
from worker.secrets import Secrets
from worker.settings import Settings


def _samples(
    home: Home, settings: Settings, smtp: tuple[str, int] | None = ("127.0.0.1", 2)
) -> dict[str, str]:
    secrets = Secrets(home.directory)
    return samples(settings, secrets, intake="http://127.0.0.1:1", smtp=smtp, data=home.directory)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A data directory with the settings to begin with."""
    home = Home.at(tmp_path / "data")
    home.default_settings()
    return home


def test_the_signature_fits_the_body(home: Home) -> None:
    """The webhook is signed with the generated secret, which itself is not shown."""
    settings = Settings.model_validate(tomllib.loads(home.settings.read_text()))
    command = _samples(home, settings)["webhook"]
    words = shlex.split(command)
    secret = (home.directory / "secrets/tickets.key").read_text().strip()
    signature = hmac.new(secret.encode(), words[-1].encode(), "sha256").hexdigest()
    assert f"X-Signature-256: sha256={signature}" in words
    assert secret not in command


def test_the_data_directory_is_named_where_it_is_not_the_usual_one(home: Home) -> None:
    """`show` works as printed in any case."""
    settings = Settings.model_validate(tomllib.loads(home.settings.read_text()))
    assert f"--data {home.directory} support tickets-" in _samples(home, settings)["show"]


def test_a_changed_channel_has_no_sample(home: Home) -> None:
    """A command that might not work is not printed."""
    changed = home.settings.read_text().replace("body.delivery", "body.other").replace("support@", "help@")
    changed = changed.replace("example-client.key", "other.key")
    assert _samples(home, Settings.model_validate(tomllib.loads(changed))) == {}


def test_a_shut_door_has_no_sample(home: Home) -> None:
    """Nobody is told to send mail to a port that is not opened."""
    settings = Settings.model_validate(tomllib.loads(home.settings.read_text()))
    assert set(_samples(home, settings)) - set(_samples(home, settings, smtp=None)) == {"mail"}


def test_a_key_stays_in_its_file(home: Home) -> None:
    """The command API's key is read by the shell when the command runs, so it is not shown."""
    settings = Settings.model_validate(tomllib.loads(home.settings.read_text()))
    command = _samples(home, settings)["command"]
    key = home.directory / "secrets/example-client.key"
    assert f'"Authorization: Bearer $(cat {key})"' in command
    assert key.read_text().strip() not in command
