"""Every ready connector at work: a delivery as its sender makes it becomes an interaction in the sandbox.

One bridge for all of them, with a channel of each kind; the deliveries are the fixtures of the connectors,
signed by their owners' own code, and go over HTTP.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.redis_server import RedisServer
from connectors.base import Delivery
from connectors.registry import PRESETS, kind
from console.request_file import read_request
from tests.connectors.signing import sign
from tests.ports import free_port
from tests.stories.conftest import CONFIG, Stack, wait_until

pytestmark = pytest.mark.story

FIXTURES = Path(__file__).parents[1] / "connectors" / "fixtures"
KINDS = (*PRESETS, "webhook")

#: For each kind: a delivery that opens a conversation, one that goes on with it, one that ends it, and one
#: that is known and ignored; None where a kind has no such thing.
STORIES: Mapping[str, tuple[str, str | None, str | None, str | None]] = {
    "cloudevents": ("structured", "binary", "batch", None),
    "form": ("urlencoded", None, None, None),
    "genesys": ("started", None, "finished", "receipt"),
    "github": ("opened", "comment", "closed", "bot_comment"),
    "messenger": ("message", "batch", None, "echo"),
    "slack": ("message", "reply", "solved", "bot"),
    "standard-webhooks": ("created", "updated", "deleted", None),
    "stripe": ("created", "updated", "closed", "charge"),
    "telegram": ("message", "photo", "blocked", "edited"),
    "twilio": ("sms", None, "opt_out", "status"),
    "typeform": ("response", None, None, "partial"),
    "webhook": ("opened", "changed", "closed", "viewed"),
    "whatsapp": ("message", "batch", None, "status"),
    "zendesk": ("created", "comment", "solved", "user"),
}


@dataclass(frozen=True)
class Doors:
    """The bridge that all stories share."""

    stack: Stack
    port: int

    def send(self, name: str, fixture: str) -> httpx.Response:
        """Send a fixture of a kind, signed now, as its sender would."""
        folder = FIXTURES / name
        channel = json.loads((folder / "channel.json").read_text("utf-8"))
        content = (folder / f"{fixture}.http").read_bytes()
        bare = read_request(content, channel=channel["channel"], arrived_at=datetime.now(UTC))
        verify = channel.get("verify") or kind(name).verify
        return self._send(sign(verify, bare, channel["secrets"][-1]))

    def live(self, external_id: str) -> Mapping[str, Any] | None:
        """Return the interaction of a conversation as the sandbox has it, None where it has none."""
        found: Sequence[Mapping[str, Any]] = self.stack.sandbox("GET", "interactions")
        mine = (each for each in found if each["externalId"] == external_id)
        return next((each for each in mine if each["state"] == "active"), None)

    def _send(self, delivery: Delivery) -> httpx.Response:
        path = delivery.url.removeprefix("https://bridge.example.com")
        return httpx.request(
            delivery.method,
            f"http://127.0.0.1:{self.port}{path}",
            headers=list(delivery.headers.pairs),
            content=delivery.body,
            timeout=30,
        )


def expected(name: str, fixture: str) -> list[dict[str, Any]]:
    """Return the commands that a fixture means."""
    written = json.loads((FIXTURES / name / f"{fixture}.expected.json").read_text("utf-8"))
    commands: list[dict[str, Any]] = written["commands"]
    return commands


def is_up(port: int) -> bool:
    """Whether the intake answers."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=1).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """A bridge with a channel of each kind, its sandbox and one worker."""
    directory = tmp_path_factory.mktemp("connectors")
    stack = Stack(directory, RedisServer(directory / "redis"))
    stack.redis.start()
    try:
        stack.start_sandbox()
        stack.config.write_text(CONFIG.format(sandbox=stack.sandbox_port, in_flight=32))
        stack.environment = {
            "BRIDGE_CONFIG": str(stack.config),
            "BRIDGE_STORE_URL": stack.redis.url(),
            "BRIDGE_BROKER_URL": stack.redis.broker_url(),
            "STORY_KEY": "story-key",
            "BRIDGE_CHANNELS": json.dumps(dict(map(channel, KINDS))),
            "BRIDGE_HTTP_PUBLIC_URL": "https://bridge.example.com",
            "BRIDGE_HTTP_PORT": str(port := free_port()),
            "BRIDGE_SMTP_PORT": "0",
            "PYTHONWARNINGS": "ignore",
        }
        for name in KINDS:
            for number, secret in enumerate(written(name)["secrets"]):
                (directory / f"{name}-{number}.key").write_text(secret)
        intake = stack.start("intake", "-m", "bridge", "intake")
        stack.start_worker()
        wait_until(lambda: is_up(port), reason="the intake")
        yield Doors(stack, port)
        assert stack.end(intake) == 0
    finally:
        stack.close()


def written(name: str) -> dict[str, Any]:
    """Return what the `channel.json` of a kind says."""
    found: dict[str, Any] = json.loads((FIXTURES / name / "channel.json").read_text("utf-8"))
    return found


def channel(name: str) -> tuple[str, dict[str, Any]]:
    """Return the channel of a kind as the settings have it."""
    given = written(name)
    settings: dict[str, Any] = {"connector": name, "service": "support", "options": given["options"]}
    if "verify" in given:
        settings["verify"] = given["verify"]
    settings["secrets"] = [f"file:{name}-{number}.key" for number in range(len(given["secrets"]))]
    return given["channel"], settings


def test_every_kind_has_its_story() -> None:
    """No ready connector is left out."""
    assert set(STORIES) == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_from_a_delivery_to_the_interaction(doors: Doors, name: str) -> None:
    """The first delivery opens the interaction, the next goes on, the last ends it; nothing counts twice."""
    opening, going_on, ending, ignored = STORIES[name]
    (command, *_) = expected(name, opening)
    external_id = command["external_id"]
    properties = command.get("user_data") or command["changed"]

    answers = [doors.send(name, opening), doors.send(name, opening)]
    assert all(answer.status_code in {200, 202} for answer in answers), answers[0].text
    found = wait_until(lambda: doors.live(external_id), reason="the interaction")
    assert properties.items() <= found["userData"].items()

    if ignored:
        assert doors.send(name, ignored).status_code == 200
    if going_on:
        change = next(each for each in expected(name, going_on) if each["external_id"] == external_id)
        assert doors.send(name, going_on).is_success
        wait_until(lambda: shows(doors.live(external_id), change["changed"]), reason="the change")
    if ending:
        assert doors.send(name, ending).is_success
        wait_until(lambda: doors.live(external_id) is None, reason="the end")
    creates = [each for each in doors.stack.effects() if each["externalId"] == external_id]
    assert [each["operation"] for each in creates].count("create") == 1


def shows(interaction: Mapping[str, Any] | None, properties: Mapping[str, Any]) -> bool:
    """Say whether an interaction has these properties."""
    return interaction is not None and properties.items() <= interaction["userData"].items()


@pytest.mark.parametrize(("name", "challenge"), [("messenger", "1158201444"), ("whatsapp", "1234567890")])
def test_a_challenge_is_answered(doors: Doors, name: str, challenge: str) -> None:
    """Meta's GET gets its challenge back, as text."""
    answer = doors.send(name, "challenge")
    assert (answer.status_code, answer.text) == (200, challenge)
    assert answer.headers["content-type"].startswith("text/plain")


def test_slack_is_greeted(doors: Doors) -> None:
    """Slack's verification of the URL gets its challenge back."""
    answer = doors.send("slack", "verification")
    assert (answer.status_code, answer.text) == (200, expected_reply("slack", "verification"))


def expected_reply(name: str, fixture: str) -> str:
    """Return the answer to a handshake."""
    text: str = json.loads((FIXTURES / name / f"{fixture}.expected.json").read_text("utf-8"))["handshake"]
    return text


@pytest.mark.parametrize(
    ("name", "content_type", "body"),
    [
        ("twilio", "text/xml", '<?xml version="1.0" encoding="UTF-8"?><Response/>'),
        ("telegram", "application/json", "{}"),
    ],
)
def test_senders_read_what_they_understand(doors: Doors, name: str, content_type: str, body: str) -> None:
    """Twilio's customer and Telegram's bot hear nothing, also of what is kept for a person."""
    unknown = {"twilio": "other", "telegram": "unknown"}[name]
    for fixture in (STORIES[name][0], unknown):
        answer = doors.send(name, fixture)
        assert (answer.status_code, answer.text) == (200, body)
        assert answer.headers["content-type"].startswith(content_type)


@pytest.mark.parametrize("name", KINDS)
def test_a_stranger_gets_nowhere(doors: Doors, name: str) -> None:
    """Without its proof the same delivery is refused at the door, whatever kind it is of."""
    bare = (FIXTURES / name / f"{STORIES[name][0]}.http").read_bytes()
    answer = doors._send(read_request(bare, channel="any", arrived_at=datetime.now(UTC)))
    assert answer.status_code == 401
    assert "signature" in answer.text or "credentials" in answer.text or "verified" in answer.text
