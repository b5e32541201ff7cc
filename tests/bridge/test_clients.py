"""Clients are read from the settings, and served beside the webhooks."""

from pathlib import Path

import pytest
from celery import Celery

from bridge.clients import clients_of, command_routes
from worker.errors import SecretMissing, SettingsError
from worker.secrets import Secrets
from worker.settings import Settings
from worker.wiring import Bridge

KEY = "shop-key-0123456789"


def settings(**clients: dict[str, list[str]]) -> Settings:
    """Return settings with these clients."""
    services = {"support": {"base_url": "http://127.0.0.1:9/nexus/v3", "api_key": "env:NOBODY"}}
    return Settings.model_validate(
        {"store": {"url": "redis://127.0.0.1:9"}, "services": services, "clients": clients}
    )


def test_a_client_has_its_keys_and_services(tmp_path: Path) -> None:
    """A file that changes is read again."""
    (tmp_path / "key").write_text(KEY)
    named = settings(shop={"keys": ["file:key"], "services": ["support"]})
    (client,) = clients_of(named, Secrets(tmp_path))
    assert (client.name, client.services, client.read_keys()) == ("shop", {"support"}, (KEY,))
    (tmp_path / "key").write_text("another-key-0123456789")
    assert client.read_keys() == ("another-key-0123456789",)


def test_bad_keys_are_refused_before_any_door_opens(tmp_path: Path) -> None:
    """Missing, or too short."""
    named = settings(shop={"keys": ["file:key"], "services": ["support"]})
    with pytest.raises(SecretMissing, match="file:key"):
        clients_of(named, Secrets(tmp_path))
    (tmp_path / "key").write_text("short")
    with pytest.raises(SettingsError, match=r"clients\.shop\.keys"):
        clients_of(named, Secrets(tmp_path))


def test_without_clients_there_is_no_command_api(tmp_path: Path) -> None:
    """No path of it exists; with a client, all do."""
    (tmp_path / "key").write_text(KEY)
    secrets = Secrets(tmp_path)
    nobody, somebody = settings(), settings(shop={"keys": ["file:key"], "services": ["support"]})
    for named, paths in ((nobody, []), (somebody, ["/v1", "/openapi.json", "/docs", "/docs"])):
        bridge = Bridge(named, secrets, Celery(), lambda _: None)
        routes = command_routes(bridge, clients_of(named, secrets), {})
        assert [getattr(route, "path", "") for route in routes] == paths
