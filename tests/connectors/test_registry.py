"""The registry and what it says about wrong settings."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import connectors
from connectors.base import Connector
from connectors.registry import GROUP, OWN, PRESETS, build, kind, kinds
from worker.errors import SettingsError
from worker.settings import ChannelSettings

WEBHOOK: dict[str, Any] = {"external_id": "body.id", "rules": [{"do": "create"}]}
EMAIL: dict[str, Any] = {"addresses": ["support@example.com"]}


def built(connector: str, options: dict[str, Any], secrets: tuple[str, ...] = ()) -> Connector:
    """Build the channel `shop`."""
    verify = "hmac" if connector == "webhook" else ""
    settings = ChannelSettings(connector=connector, service="support", options=options, verify=verify)
    return build("shop", settings, lambda: secrets)


@pytest.mark.parametrize("name", kinds())
def test_every_kind_says_what_it_is_for(name: str) -> None:
    """Whoever sets up a channel reads one line about each kind."""
    assert kind(name).summary
    assert not kind(name).summary.endswith(".")


def test_presets_are_the_files_that_there_are() -> None:
    """The table names every file of `presets/`, and no other."""
    assert {path.stem for path in Path(connectors.__path__[0]).glob("presets/*.toml")} == set(PRESETS)
    assert not set(PRESETS) & set(OWN)


@pytest.mark.parametrize(
    ("connector", "options", "secrets", "complaint"),
    [
        (
            "telex",
            {},
            (),
            "channels.shop.connector: no kind of connector is called 'telex'; there is: brevo-inbound, cl",
        ),
        ("webhook", WEBHOOK, (), "channels.shop.secrets: the scheme 'hmac' needs at least one"),
        ("webhook", WEBHOOK, ("s", ""), "channels.shop.secrets: a secret is empty"),
        ("email", EMAIL, ("s",), "channels.shop.secrets: the scheme 'none' has no use for a secret"),
        ("email", {}, (), "channels.shop.options.addresses: Field required"),
        ("email", {"addresses": ["here"]}, (), "channels.shop.options.addresses"),
        ("webhook", {"external_id": "body.id"}, ("s",), "channels.shop.options.rules: Field required"),
        ("webhook", {**WEBHOOK, "colour": "red"}, ("s",), "channels.shop.options.colour: Extra inputs"),
        (
            "webhook",
            {**WEBHOOK, "user_data": {"subject": "a["}},
            ("s",),
            "channels.shop.options.user_data.subject: 'a[' is not a JMESPath expression",
        ),
        (
            "webhook",
            {**WEBHOOK, "user_data": {"Queue": "body.queue"}},
            ("s",),
            "channels.shop.options.user_data.Queue: 'Queue' is reserved for the system",
        ),
        (
            "webhook",
            {"rules": [{"do": "create"}]},
            ("s",),
            "channels.shop.options: rules.0 does 'create', but neither it nor the options say with",
        ),
        (
            "slack",
            {"rules": [{"do": "stop", "colour": 1}]},
            ("s",),
            "channels.shop.options.rules.0.colour: Extra inputs",
        ),
    ],
)
def test_wrong_settings_are_named(
    connector: str, options: dict[str, Any], secrets: tuple[str, ...], complaint: str
) -> None:
    """What is wrong is reported with its path in the settings and the reason."""
    with pytest.raises(SettingsError, match=re.escape(complaint)):
        built(connector, options, secrets)


def test_all_mistakes_are_told_at_once() -> None:
    """Two wrong keys are reported together."""
    with pytest.raises(SettingsError, match=r"external_id.*; .*on_ended"):
        built("webhook", {"rules": [{"do": "create"}], "external_id": 7, "on_ended": "never"}, ("s",))


def test_a_webhook_says_how_it_is_signed() -> None:
    """A channel that verifies nothing says so in so many words."""
    unsaid = ChannelSettings(connector="webhook", service="support", options=WEBHOOK)
    with pytest.raises(SettingsError, match=re.escape("channels.shop.verify is not set")):
        build("shop", unsaid, tuple)
    build("shop", unsaid.model_copy(update={"verify": "none"}), tuple)


def test_a_kind_brings_its_scheme_and_a_channel_may_have_another() -> None:
    """Slack always signs in the same way, but a proxy before us may sign in its own."""
    settings = ChannelSettings(connector="slack", service="support")
    with pytest.raises(SettingsError, match="the scheme 'slack' needs at least one"):
        build("shop", settings, tuple)
    build("shop", settings.model_copy(update={"verify": "none"}), tuple)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install another package, as pip would: a module and its entry point."""

    def install(package: str, name: str, code: str) -> None:
        module = package.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {module}:KIND\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install


STRANGER = """
from connectors.kind import Kind
from connectors.webhook.connector import build_webhook
KIND = Kind(build_webhook, "Pigeons", verify="none")
"""


def test_other_packages_bring_kinds(install: Callable[..., None]) -> None:
    """A kind found by its entry point is one like any other."""
    install("pigeon-post", "pigeon", STRANGER)
    assert "pigeon" in kinds()
    assert kind("pigeon").summary == "Pigeons"
    assert built("pigeon", WEBHOOK).name == "pigeon"


@pytest.mark.parametrize(
    ("name", "code", "complaint"),
    [
        (
            "broken",
            "import nothing_like_this",
            "'broken' of the package pigeon-post cannot be loaded (ModuleNotFound",
        ),
        ("empty", "", "'empty' of the package pigeon-post cannot be loaded (AttributeError"),
        ("odd", "KIND = 'pigeon'", "'odd' of the package pigeon-post is a str, not a connectors.kind.Kind"),
        ("slack", STRANGER, "there is more than one 'slack': the package pigeon-post brings"),
        ("email", STRANGER, "there is more than one 'email': the package pigeon-post brings"),
    ],
)
def test_a_package_in_trouble_is_named(
    install: Callable[..., None], name: str, code: str, complaint: str
) -> None:
    """A channel of its kind is told which package and why; channels of other kinds never notice."""
    install("pigeon-post", name, code)
    with pytest.raises(SettingsError, match=re.escape(f"channels.shop.connector: {complaint}")):
        built(name, WEBHOOK)
    assert built("webhook", WEBHOOK, ("s",)).name == "webhook"


def test_two_packages_with_one_name_are_told_apart(install: Callable[..., None]) -> None:
    """Nobody guesses which of two strangers is meant."""
    install("pigeon-post", "pigeon", STRANGER)
    install("pigeon-mail", "pigeon", STRANGER)
    with pytest.raises(
        SettingsError, match=r"more than one 'pigeon': the package pigeon-\w+ and the package"
    ):
        built("pigeon", WEBHOOK)


@pytest.mark.parametrize(
    ("verify", "complaint"),
    [
        ("rot13", "channels.shop.verify asks for the scheme 'rot13', but there is: "),
        ({"header": "X"}, "channels.shop.verify asks for the scheme None"),
        ({"scheme": "hmac", "header": "X Sig"}, "channels.shop.verify.header: "),
        ({"scheme": "hmac", "colour": "red"}, "channels.shop.verify.colour: Extra inputs"),
    ],
)
def test_wrong_schemes_are_named(verify: Any, complaint: str) -> None:  # noqa: ANN401 - as written in a file
    """A scheme that does not exist, or an option it does not have, is reported with its path."""
    settings = ChannelSettings(connector="webhook", service="support", options=WEBHOOK, verify=verify)
    with pytest.raises(SettingsError, match=re.escape(complaint)):
        build("shop", settings, lambda: ("s",))
