"""`bridge channel new`."""

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bridge.channel_block import block
from bridge.cli.program import app
from connectors.registry import build, kind, kinds
from tests.connectors.signing import SENDGRID_SECRETS
from worker.errors import BridgeError
from worker.settings import Settings

SETTINGS = '[services.support]\nbase_url = "https://host.example/nexus/v3"\napi_key = "env:KEY"'


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory with settings whose last line has no end."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BRIDGE_CONFIG", raising=False)
    Path("bridge.toml").write_text(SETTINGS)


#: What a secret has to be, by scheme, where not anything will do.
SECRETS = {
    "basic": "user:password",
    "sendgrid": SENDGRID_SECRETS[0],
    "standard-webhooks": "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy0=",
}


def types(*arguments: str) -> Result:
    """Run `bridge channel new`."""
    return CliRunner().invoke(app, ["channel", "new", *arguments])


def settings() -> Settings:
    """Return what stands in the settings file now."""
    return Settings.model_validate(tomllib.loads(Path("bridge.toml").read_text()))


@pytest.mark.parametrize("name", kinds())
def test_the_block_of_every_kind_works_at_once(name: str) -> None:
    """What is written is a channel that can be built as it stands."""
    made = block(name, name="mine", service="support")
    text = f"{SETTINGS}\n{made.text}"
    channel = Settings.model_validate(tomllib.loads(text)).channels["mine"]
    secret = SECRETS.get(str(kind(name).verify), "secret")
    secrets = (secret,) if made.secret else ()
    assert build("mine", channel, lambda: secrets).name == name
    assert kind(name).summary in made.text


def test_without_a_kind_they_are_listed() -> None:
    """Whoever does not know the kinds is told."""
    told = types()
    assert told.exit_code == 0
    assert all(name in told.output for name in kinds())


def test_printing_changes_nothing() -> None:
    """By default the block is only shown."""
    told = types("slack", "--name", "desk")
    assert "[channels.desk]" in told.output
    assert Path("bridge.toml").read_text() == SETTINGS
    assert not Path("secrets").exists()


def test_appended_with_a_secret_of_our_own() -> None:
    """A secret that is ours to choose is made, for this user's eyes only; a second channel has its own."""
    assert types("form", "--append").exit_code == 0
    assert types("webhook", "--name", "a.b", "--append").exit_code == 0
    assert [*settings().channels] == ["form", "a.b"]
    keys = [Path("secrets/form.key"), Path("secrets/a.b.key")]
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}
    assert len({key.read_text() for key in keys}) == 2


def test_a_secret_that_is_not_ours_is_left_to_its_owner() -> None:
    """Slack's secret comes from Slack: we say where it goes and make none."""
    told = types("slack", "--append")
    assert told.exit_code == 0
    assert "put the secret into secrets/slack.key" in told.stderr
    assert not Path("secrets").exists()


def test_an_existing_secret_stays() -> None:
    """A file that is there is never written over."""
    Path("secrets").mkdir()
    Path("secrets/form.key").write_text("mine")
    assert types("form", "--append").exit_code == 0
    assert Path("secrets/form.key").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("carrier-pigeon",), "no kind of connector is called 'carrier-pigeon'"),
        (("form", "--name", "a b"), "'a b' cannot be a channel's name"),
    ],
)
def test_what_cannot_be_is_said(arguments: tuple[str, ...], complaint: str) -> None:
    """One sentence, and nothing was written."""
    told = types(*arguments, "--append")
    assert isinstance(told.exception, BridgeError)
    assert complaint in str(told.exception)
    assert Path("bridge.toml").read_text() == SETTINGS


def test_a_name_is_used_once() -> None:
    """Two channels of one name would be one; the second is refused."""
    types("form", "--append")
    told = types("slack", "--name", "form", "--append")
    assert "has a channel 'form' already" in str(told.exception)


def test_the_service_is_said_where_there_are_several() -> None:
    """Nobody guesses which service is meant."""
    Path("bridge.toml").write_text(f"{SETTINGS}\n{SETTINGS.replace('support', 'sales')}\n")
    assert "configured are: support, sales" in str(types("form").exception)
    assert 'service = "sales"' in types("form", "--service", "sales").output


def test_without_settings_there_is_nothing_to_append_to() -> None:
    """Settings that are missing or broken are said to be."""
    Path("bridge.toml").write_text("[services")
    assert "bridge.toml is not TOML" in str(types("form").exception)
    Path("bridge.toml").unlink()
    told = types("form", "--service", "support", "--append")
    assert "there is no settings file" in str(told.exception)
