"""`bridge check`."""

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest
import redis

from bridge.check import check
from worker.store.format import KEY
from worker.wiring import Bridge

if TYPE_CHECKING:
    from tests.bridge.conftest import Up

_SETTINGS = """
[services.away]
base_url = "http://127.0.0.1:{port}/nexus/v3"
api_key = "file:key"
[services.shut]
base_url = "http://sandbox.invalid/nexus/v3"
api_key = "env:NO_SUCH_KEY"
[channels.tickets]
connector = "webhook"
verify = "hmac"
service = "away"
secrets = ["file:key"]
options = {{ rules = [{{ do = "create" }}], external_id = "body.id" }}
[channels.open]
connector = "webhook"
verify = {{ scheme = "none" }}
service = "away"
options = {{ rules = [{{ do = "create" }}], external_id = "body.id" }}
[channels.ses]
connector = "ses-inbound"
service = "away"
verify = "none"
options = {{ addresses = ["support@example.com"] }}
buckets = [{{ url = "s3://mails/in/", access_key = "file:key", secret_key = "env:NO_SUCH_SECRET" }}]
[channels.mail]
connector = "email"
service = "away"
options = {{ addresses = ["support@example.com"] }}
[channels.mail.mailbox]
host = "127.0.0.1"
port = {port}
user = "support@example.com"
password = "env:NO_SUCH_PASSWORD"
[traces]
headers = {{ authorization = "env:NO_SUCH_TOKEN" }}
[channels.odd]
connector = "pigeon"
service = "away"
[clients.shop]
keys = ["file:key"]
services = ["away"]
"""


@pytest.mark.story
def test_a_running_bridge_is_well(live: "Up") -> None:
    """Everything is ok, the key is taken, and the exit code is 0."""
    told = live.bridge("check")
    assert told.returncode == 0, told.stdout
    assert told.stdout.endswith("\n0 problems, 0 warnings\n")
    assert "/nexus/v3 answers and takes the key" in told.stdout


@pytest.mark.story
def test_a_wrong_key_is_a_problem(
    live: "Up", tmp_path: Path, bridge: Callable[..., CompletedProcess[str]]
) -> None:
    """What the API says of the key comes with where the key is set."""
    (tmp_path / "key").write_text("wrong")
    url = f"{live.places['sandbox']}/nexus/v3"
    (tmp_path / "bridge.toml").write_text(
        f'[store]\nurl = "{live.places["environment"]["BRIDGE_STORE_URL"]}"\n'
        f'[broker]\nurl = "{live.places["environment"]["BRIDGE_BROKER_URL"]}"\n'
        f'[services.support]\nbase_url = "{url}"\napi_key = "file:key"\n'
    )
    told = bridge("check", "--json", cwd=tmp_path)
    assert told.returncode == 1
    (found,) = [each for each in json.loads(told.stdout) if each["grade"] == "problem"]
    assert found["what"] == "service support"
    assert found["text"].startswith(f"{url} refuses the key (")
    assert found["text"].endswith("; see services.support.api_key")


def test_every_problem_is_found_at_once(environment: dict[str, str], redis_url: str, tmp_path: Path) -> None:
    """One run finds the missing secret, the unknown connector, the service that is away, and more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (tmp_path / "bridge.toml").write_text(_SETTINGS.format(port=port))
    (tmp_path / "key").write_text("k")
    environment |= {"BRIDGE_STORE_URL": redis_url, "BRIDGE_BROKER_URL": "redis://127.0.0.1:1/0"}
    found = {(each.grade.value, each.what): each.text for each in check()}
    assert "NO_SUCH_KEY is not set" in found["problem", "services.shut.api_key"]
    assert "NO_SUCH_SECRET is not set" in found["problem", "channels.ses.buckets"]
    assert "NO_SUCH_PASSWORD is not set" in found["problem", "channels.mail.mailbox"]
    assert "NO_SUCH_TOKEN is not set" in found["problem", "traces.headers"]
    assert "openmedia-bridge" in found["ok", "versions"]
    assert any(what == "disk" for _, what in found)
    assert "'pigeon'" in found["problem", "channels.odd"]
    assert found["problem", "clients"].startswith("clients.shop.keys: a key of under 16 characters")
    assert "cannot be reached" in found["problem", "service away"]
    assert "start it" in found["problem", "service shut"]
    assert "does not answer" in found["problem", "broker"]
    assert ("ok", "store") in found
    assert ("ok", "channels.tickets") in found
    assert ("warning", "channels.tickets") not in found
    assert "whoever reaches it is believed" in found["warning", "channels.open"]


def test_a_store_of_a_far_version_and_a_clock_astray_are_problems(
    environment: dict[str, str], redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would refuse the start of a worker is found before, and nothing is changed by looking."""
    (tmp_path / "bridge.toml").write_text(
        '[services.sales]\nbase_url = "http://127.0.0.1:9"\napi_key = "env:NO"\n'
    )
    environment |= {"BRIDGE_STORE_URL": redis_url, "BRIDGE_BROKER_URL": "redis://127.0.0.1:1/0"}
    monkeypatch.setitem(Bridge.__init__.__kwdefaults__, "clock", lambda: datetime(2020, 1, 1, tzinfo=UTC))
    with redis.Redis.from_url(redis_url) as client:
        client.hset(KEY, "format", 9)
        found = [(each.grade.value, each.what, each.text) for each in check()]
        assert client.hgetall(KEY) == {b"format": b"9"}
    assert any(each[:2] == ("problem", "store") and "has format 9" in each[2] for each in found)
    assert any(each[:2] == ("problem", "clock") and "behind the store's" in each[2] for each in found)


@pytest.mark.usefixtures("environment")
def test_without_anything_it_says_how_to_begin() -> None:
    """No settings and no bridge: what is missing, and `bridge up`."""
    found = {each.what: each for each in check()}
    assert found["settings"].grade == "warning"
    assert found["services"].grade == "problem"
    assert "start one with `bridge up`" in found["store"].text


@pytest.mark.usefixtures("environment")
def test_wrong_settings_are_the_first_thing_to_mend(tmp_path: Path) -> None:
    """Nothing else can be looked at then."""
    (tmp_path / "bridge.toml").write_text("[worker]\nlease_s = 0\n")
    (found,) = check()
    assert (found.grade, found.what) == ("problem", "settings")
    assert "worker.lease_s" in found.text
