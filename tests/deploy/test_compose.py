"""The compose file is one, and what it says hangs together: secrets, users, health, hardening."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from worker.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
OURS = ("intake", "mail", "worker", "beat", "console", "ops", "backup", "sandbox")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file as Compose reads it."""
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


def test_it_is_a_compose_file() -> None:
    """By the Compose specification's own schema."""
    command = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec")
    done = subprocess.run([*command, DEPLOY / "compose.yaml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_has_everything_and_its_profiles(compose: dict[str, Any]) -> None:
    """Two workers, two beats; RabbitMQ, the sandbox and a shell only where they are asked for."""
    services = compose["services"]
    assert set(services) == {*OURS, "redis", "rabbitmq", "prometheus", "grafana"}
    assert services["beat"]["deploy"]["replicas"] == services["worker"]["deploy"]["replicas"] == 2
    profiles = {name: each["profiles"] for name, each in services.items() if "profiles" in each}
    assert profiles == {
        "sandbox": ["sandbox"], "rabbitmq": ["rabbitmq"], "ops": ["ops"], "backup": ["ops"],
    }  # fmt: skip


def test_every_process_is_confined(compose: dict[str, Any]) -> None:
    """A root that cannot be written to, no capability; ports are open on this machine alone."""
    for name, service in compose["services"].items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name != "rabbitmq":
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
    assert compose["networks"]["inside"] == {"internal": True}
    assert compose["services"]["redis"]["networks"] == ["inside"]


def test_every_role_says_where_it_is_healthy(compose: dict[str, Any]) -> None:
    """At a port of its own, by the image's health check."""
    for name in OURS:
        service = compose["services"][name]
        assert "HEALTH_URL" in service["environment"] or service["healthcheck"] == {"disable": True}, name


@pytest.mark.parametrize(
    ("role", "user"),
    [
        ("intake", "intake"),
        ("mail", "intake"),
        ("worker", "worker"),
        ("beat", "worker"),
        ("console", "ops"),
        ("ops", "ops"),
        ("backup", "backup"),
    ],
)
def test_each_role_comes_as_its_user(compose: dict[str, Any], role: str, user: str) -> None:
    """And is shown the secrets of no other."""
    service = compose["services"][role]
    assert service["environment"]["BRIDGE_STORE_URL"] == f"file:/run/secrets/store_{user}"
    of_users = {each for each in service["secrets"] if each.split("_")[0] in {"store", "redis"}}
    assert of_users == {f"store_{user}"}


def test_the_secrets_it_names_are_the_ones_that_are_made(compose: dict[str, Any], tmp_path: Path) -> None:
    """By the script beside it, for the owner of their directory alone; a second time changes none."""
    directory = tmp_path / "secrets"
    subprocess.run([DEPLOY / "make-secrets.sh", directory], check=True)
    made = {path.name: path.read_text() for path in directory.iterdir()}
    assert set(made) == set(compose["secrets"])
    named = {name for each in compose["services"].values() for name in each.get("secrets", ())}
    assert named == set(compose["secrets"])
    assert directory.stat().st_mode & 0o777 == 0o700
    assert "broker_backup" not in made, "it rings nobody"
    assert made["store_ops"] == f"redis://ops:{made['redis_ops']}@redis:6379/0"
    subprocess.run([DEPLOY / "make-secrets.sh", directory], check=True)
    assert {path.name: path.read_text() for path in directory.iterdir()} == made


def test_what_it_mounts_is_there(compose: dict[str, Any]) -> None:
    """Each file and directory beside it."""
    for service in compose["services"].values():
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).exists(), source


def test_its_settings_are_settings() -> None:
    """Read by the bridge itself."""
    Settings.model_validate(tomllib.loads((DEPLOY / "bridge.toml").read_text()))
