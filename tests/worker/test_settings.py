"""Settings are checked when they are read, not when they hurt."""

import math
import re
from typing import Any

import pytest
from pydantic import ValidationError

from worker.settings import (
    ChannelSettings,
    ClientSettings,
    HttpSettings,
    ServiceSettings,
    Settings,
    WorkerSettings,
)
from worker.store_settings import StoreSettings

SERVICE = {"base_url": "https://api.example.com/nexus/v3", "api_key": "env:KEY"}


def test_nothing_has_to_be_set() -> None:
    """A bridge without services starts, with the lease longer than twice any call."""
    settings = Settings()
    assert settings.services == {}
    assert settings.store.url == ""
    assert settings.worker.lease_s > 2 * ServiceSettings(**SERVICE).call_timeout_s


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (ServiceSettings, {**SERVICE, "base_url": "ftp://example.com"}),
        (ServiceSettings, {**SERVICE, "base_url": "https://example.com/?a=b"}),
        (ServiceSettings, {**SERVICE, "base_url": "https://example.com/ v3"}),
        (ServiceSettings, {**SERVICE, "api_key": "s3cret"}),
        (ServiceSettings, {**SERVICE, "api_key": "env:9LIVES"}),
        (ClientSettings, {"keys": [], "services": ["support"]}),
        (ClientSettings, {"keys": ["env:SHOP"], "services": []}),
        (ClientSettings, {"keys": ["the-key-itself"], "services": ["support"]}),
        (HttpSettings, {"longest_wait_s": 61}),
        (HttpSettings, {"max_waiting": -1}),
        (Settings, {"clients": {"x" * 61: {"keys": ["env:SHOP"], "services": ["support"]}}}),
        (ServiceSettings, {**SERVICE, "partitions": 0}),
        (ServiceSettings, {**SERVICE, "partitions": 257}),
        (ServiceSettings, {**SERVICE, "lane_cap": 0}),
        (ServiceSettings, {**SERVICE, "mark_prefix": "br1dge"}),
        (ServiceSettings, {**SERVICE, "user_data_bytes": 999}),
        (ServiceSettings, {**SERVICE, "user_data_bytes": 65_536}),
        (ServiceSettings, {"base_url": "https://example.com"}),
        (ChannelSettings, {"connector": "mail", "service": "s", "dedup_window_s": 0}),
        (ChannelSettings, {"connector": "mail", "service": "no slug"}),
        (ChannelSettings, {"connector": "mail", "service": "s", "secrets": ["plain"]}),
        (StoreSettings, {"timeout_s": 0}),
        (StoreSettings, {"timeout_s": math.nan}),
        (StoreSettings, {"timeout_s": math.inf}),
        (HttpSettings, {"port": 65536}),
        (HttpSettings, {"max_body_bytes": 0}),
        (WorkerSettings, {"in_flight": 0}),
        (WorkerSettings, {"poll_s": -1}),
        (Settings, {"log_level": "loud"}),
        (Settings, {"stroe": {}}),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(model: type, wrong: dict[str, Any]) -> None:
    """Units, ranges, references to secrets, and names that do not exist."""
    with pytest.raises(ValidationError):
        model(**wrong)


def test_a_client_names_services_that_are_there() -> None:
    """And no channel has the name under which its commands are known."""
    client = ClientSettings(keys=("env:SHOP",), services=("support",))
    settings = {"services": {"support": SERVICE}, "clients": {"shop": client}}
    assert Settings.model_validate(settings).clients == {"shop": client}
    with pytest.raises(ValidationError, match=r"clients\.shop\.services has 'support', but there is: none"):
        Settings.model_validate({**settings, "services": {}})
    namesake = {"api.shop": {"connector": "webhook", "service": "support"}}
    with pytest.raises(ValidationError, match=r"channels\.api\.shop has the name"):
        Settings.model_validate({**settings, "channels": namesake})


def test_a_channel_names_a_service_that_is_there() -> None:
    """The message says which services there are."""
    channels = {"mail": {"connector": "mail", "service": "sales"}}
    with pytest.raises(ValidationError, match=r"channels\.mail\.service is 'sales'.*are: none"):
        Settings(channels=channels)
    with pytest.raises(ValidationError, match="are: support, vip"):
        Settings(services={"vip": SERVICE, "support": SERVICE}, channels=channels)
    settings = Settings(services={"sales": SERVICE}, channels=channels)
    assert settings.channels["mail"].service == "sales"


@pytest.mark.parametrize(("call_timeout_s", "fits"), [(22.4, True), (22.5, False), (30, False)])
def test_a_lease_outlives_every_call(call_timeout_s: float, *, fits: bool) -> None:
    """45 s must be more than twice the longest call, of every service."""
    services = {"quick": SERVICE, "slow": {**SERVICE, "call_timeout_s": call_timeout_s}}
    if fits:
        assert Settings(services=services).worker.lease_s == 45
        return
    with pytest.raises(ValidationError, match=r"more than twice services\.slow\.call_timeout_s"):
        Settings(services=services)


def test_a_lease_outlives_every_call_on_two_clocks() -> None:
    """A call of 20 s and two clocks that are 13 s from the store's, one early and one late: 46 s."""
    assert Settings(services={"slow": SERVICE}, store={"clock_skew_s": 12}).store.clock_skew_s == 12
    with pytest.raises(ValidationError, match=r"and twice store\.clock_skew_s \(13\) together"):
        Settings(services={"slow": SERVICE}, store={"clock_skew_s": 13})


@pytest.mark.parametrize(("slice_s", "fits"), [(40, True), (40.1, False)])
def test_a_ring_is_answered_long_before_it_comes_again(slice_s: float, *, fits: bool) -> None:
    """A drain's slice and its last call take at most a fifth of the broker's patience of 300 s."""
    services = {"quick": {**SERVICE, "call_timeout_s": 1}, "slow": {**SERVICE, "call_timeout_s": 20}}
    if fits:
        assert Settings(services=services, worker={"slice_s": slice_s}).worker.slice_s == slice_s
        return
    with pytest.raises(ValidationError, match=r"together be at most 60 seconds"):
        Settings(services=services, worker={"slice_s": slice_s})


HOOK = {"url": "https://crm.example/events?for=us", "secrets": ["env:SECRET"]}


def test_a_subscription_is_told_everything_unless_it_chooses() -> None:
    """By https, and as patiently as Standard Webhooks recommends: for three days."""
    (hook,) = Settings.model_validate({"subscriptions": {"crm": HOOK}}).hooks.items()
    assert hook[0] == "hook.crm"
    assert len(hook[1].events) == 5
    assert (hook[1].services, hook[1].channels, hook[1].allow_private) == ((), (), False)
    assert hook[1].retry.max_age_s == 3 * 24 * 3600


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"url": "http://crm.example/"}, "url must be https unless allow_private is true"),
        ({"url": "ftp://crm.example/"}, "url"),
        ({"url": "https://user:pw@crm.example/"}, "url"),
        ({"url": "https://crm.example/#part"}, "url"),
        ({"url": "https:///events"}, "url"),
        ({"secrets": []}, "secrets"),
        ({"secrets": ["whsec_the+secret+itself"]}, "secrets"),
        ({"events": []}, "events"),
        ({"events": ["interaction.exploded"]}, "events"),
        ({"services": ["sales"]}, "subscriptions.crm.services has 'sales', but there is: hook.shop, support"),
        ({"call_timeout_s": 22.5}, r"more than twice subscriptions.crm.call_timeout_s"),
        ({"waiting_cap": 0}, "waiting_cap"),
    ],
)
def test_a_subscription_that_cannot_be_meant_is_refused(more: dict[str, Any], said: str) -> None:
    """Each with its path and the reason."""
    services = {"support": SERVICE, "hook.shop": SERVICE}
    with pytest.raises(ValidationError, match=re.escape(said)):
        Settings.model_validate({"services": services, "subscriptions": {"crm": {**HOOK, **more}}})


def test_a_subscription_shares_no_name_with_a_service() -> None:
    """Its lanes would be the service's; and `hook.` and its name make a name of a service."""
    services = {"hook.crm": SERVICE}
    with pytest.raises(ValidationError, match=r"services\.hook\.crm has the name by which"):
        Settings.model_validate({"services": services, "subscriptions": {"crm": HOOK}})
    Settings.model_validate({"subscriptions": {"x" * 59: HOOK}})
    with pytest.raises(ValidationError):
        Settings.model_validate({"subscriptions": {"x" * 60: HOOK}})


def test_a_private_receiver_may_be_spoken_to_without_tls() -> None:
    """Where that is allowed."""
    hook = {**HOOK, "url": "http://crm.internal:8080/events", "allow_private": True}
    assert Settings.model_validate({"subscriptions": {"crm": hook}}).hooks["hook.crm"].allow_private


def test_settings_can_be_printed() -> None:
    """They hold references to secrets, never secrets."""
    settings = Settings(services={"support": SERVICE})
    assert "env:KEY" in repr(settings)


@pytest.mark.parametrize(("watchdog_s", "allowed"), [(0, True), (40, False), (41, True)])
def test_the_watchdog_outlasts_calls(watchdog_s: float, *, allowed: bool) -> None:
    """A worker whose hands are all busy with calls of 20 seconds is not stuck."""
    wanted = {"worker": {"watchdog_s": watchdog_s}, "services": {"support": SERVICE}}
    if allowed:
        assert Settings(**wanted).worker.watchdog_s == watchdog_s
    else:
        with pytest.raises(ValidationError, match="watchdog_s is 40, which must be more than twice"):
            Settings(**wanted)


@pytest.mark.parametrize(
    "wrong",
    [
        {"schedule": {"audit_s": 0.5}},
        {"schedule": {"audit_keys": 10}},
        {"retention": {"dead_letters_s": 0}},
        {"services": {"support": {**SERVICE, "reconcile": {"requests_per_s": 0}}}},
        {"services": {"support": {**SERVICE, "reconcile": {"round_s": "soon"}}}},
    ],
)
def test_upkeep_refuses_nonsense(wrong: dict[str, Any]) -> None:
    """When it is read."""
    with pytest.raises(ValidationError):
        Settings(**wrong)
