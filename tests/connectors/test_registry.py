"""The registry and what it says about wrong settings."""

import re
from typing import Any

import pytest

from connectors.registry import BUILDERS, build
from worker.errors import SettingsError
from worker.settings import ChannelSettings

WEBHOOK: dict[str, Any] = {"do": "create", "external_id": "id"}
EMAIL: dict[str, Any] = {"addresses": ["support@example.com"]}


def built(connector: str, options: dict[str, Any], secrets: tuple[str, ...] = ()) -> object:
    """Build the channel `shop`."""
    verify = "hmac" if connector == "webhook" else ""
    settings = ChannelSettings(connector=connector, service="support", options=options, verify=verify)
    return build("shop", settings, lambda: secrets)


def test_every_connector_can_be_built() -> None:
    """Each line of the table builds a connector of that name for the channel."""
    made = {"webhook": built("webhook", WEBHOOK, ("s",)), "email": built("email", EMAIL)}
    assert made.keys() == BUILDERS.keys()
    for name, connector in made.items():
        assert (connector.name, connector.channel, connector.service) == (name, "shop", "support")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("connector", "options", "secrets", "complaint"),
    [
        ("telex", {}, (), "channels.shop.connector is 'telex', but there is: email, webhook"),
        ("webhook", WEBHOOK, (), "channels.shop.secrets: the scheme 'hmac' needs at least one"),
        ("webhook", WEBHOOK, ("s", ""), "channels.shop.secrets: a secret is empty"),
        ("email", EMAIL, ("s",), "channels.shop.secrets: the scheme 'none' has no use for a secret"),
        ("email", {}, (), "channels.shop.options.addresses: Field required"),
        ("email", {"addresses": ["here"]}, (), "channels.shop.options.addresses"),
        ("webhook", {"do": "create"}, ("s",), "channels.shop.options.external_id: Field required"),
        ("webhook", {**WEBHOOK, "colour": "red"}, ("s",), "channels.shop.options.colour: Extra inputs"),
        (
            "webhook",
            {**WEBHOOK, "user_data": {"subject": "a["}},
            ("s",),
            "channels.shop.options.user_data.subject: 'a[' is not a JMESPath expression",
        ),
        (
            "webhook",
            {**WEBHOOK, "user_data": {"Queue": "queue"}},
            ("s",),
            "channels.shop.options.user_data.Queue: 'Queue' is reserved for the system",
        ),
        ("webhook", {"external_id": "id"}, ("s",), "channels.shop.options: give either `do`, or `action`"),
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
        built("webhook", {"do": "create", "external_id": 7, "on_ended": "never"}, ("s",))


def test_a_webhook_says_how_it_is_signed() -> None:
    """A channel that verifies nothing says so in so many words."""
    unsaid = ChannelSettings(connector="webhook", service="support", options=WEBHOOK)
    with pytest.raises(SettingsError, match=re.escape("channels.shop.verify is not set")):
        build("shop", unsaid, tuple)
    build("shop", unsaid.model_copy(update={"verify": "none"}), tuple)


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
