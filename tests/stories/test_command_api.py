"""The command API as its callers see it: real sockets, real Redis, a real worker, the sandbox behind it."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.ports import free_port
from tests.stories.conftest import Stack, wait_until

pytestmark = pytest.mark.story

KEY = "shop-key-0123456789"
NAME = "order/10 42 ü?"
CLIENTS = """
[clients.shop]
keys = ["file:shop.key", "file:shop-old.key"]
services = ["support"]
"""


class Caller:
    """A client of the command API."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.one = f"/v1/services/support/interactions/{quote(NAME, safe='')}"

    def ask(
        self,
        method: str,
        path: str,
        content: object = None,
        *,
        key: str = "",
        bearer: str = KEY,
        wait: int = 0,
    ) -> httpx.Response:
        """Send one request over a connection of its own."""
        headers = {"Authorization": f"Bearer {bearer}"}
        if key:
            headers["Idempotency-Key"] = f'"{key}"'
        if wait:
            headers["Prefer"] = f"wait={wait}"
        return httpx.request(method, self.base + path, json=content, headers=headers, timeout=30)

    def create(self, *, key: str = "opened", wait: int = 0, subject: str = "Hello") -> httpx.Response:
        """Open the interaction."""
        content = {"external_id": NAME, "user_data": {"Subject": subject}}
        return self.ask("POST", "/v1/services/support/interactions", content, key=key, wait=wait)

    def is_up(self) -> bool:
        """Whether the intake answers."""
        try:
            return httpx.get(self.base + "/readyz", timeout=1).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def caller(stack: Stack) -> Iterator[Caller]:
    """A caller of an intake that runs on the stack."""
    stack.config.write_text(stack.config.read_text() + CLIENTS)
    (stack.directory / "shop.key").write_text(KEY + "\n")
    (stack.directory / "shop-old.key").write_text("shop-old-0123456789\n")
    port = free_port()
    stack.environment |= {"BRIDGE_HTTP_PORT": str(port), "BRIDGE_SMTP_PORT": "0"}
    intake = stack.start("intake", "-m", "bridge", "intake")
    caller = Caller(port)
    wait_until(caller.is_up, reason="the intake")
    yield caller
    assert stack.end(intake) == 0


def outcome(response: httpx.Response) -> Mapping[str, Any]:
    """Return what became of the command, which must be known."""
    assert response.status_code == 200, response.text
    assert response.headers["preference-applied"] == "wait=10"
    found: Mapping[str, Any] = response.json()["outcome"]
    return found


def test_an_interaction_lives_from_its_create_to_its_stop(stack: Stack, caller: Caller) -> None:
    """Each command is answered with its outcome in one call; ledger, API and sandbox agree."""
    stack.start_worker()
    created = outcome(caller.create(wait=10))
    assert (created["state"], created["note"], created["interaction_state"]) == ("applied", "created", "open")

    changed = {"changed": {"Status": "late"}}
    updated = outcome(caller.ask("POST", caller.one + "/update", changed, key="late", wait=10))
    assert (updated["state"], updated["sequence"]) == ("applied", 2)

    seen = caller.ask("GET", caller.one + "?live=true").json()
    assert (seen["ledger"]["state"], seen["ledger"]["accepted"]) == ("open", 2)
    assert seen["live"]["found"] is True
    assert seen["live"]["interaction_id"] == seen["ledger"]["interaction_id"] == created["interaction_id"]
    assert (seen["live"]["user_data"]["Subject"], seen["live"]["user_data"]["Status"]) == ("Hello", "late")

    stopped = outcome(caller.ask("POST", caller.one + "/stop", key="done", wait=10))
    assert (stopped["note"], stopped["interaction_state"]) == ("stopped", "ended")
    gone = caller.ask("GET", caller.one + "?live=true").json()
    assert (gone["ledger"]["ended_by"], gone["live"]["found"]) == ("bridge", False)
    assert [(each["operation"], each["externalId"]) for each in stack.effects()] == [
        ("create", NAME),
        ("update", NAME),
        ("stop", NAME),
    ]


def test_a_command_is_followed_by_its_location(stack: Stack, caller: Caller) -> None:
    """Without a worker it waits, and the receipt says where to look; with one it is applied."""
    accepted = caller.create()
    assert (accepted.status_code, accepted.json()["outcome"]) == (202, None)
    where = accepted.headers["location"]
    assert caller.ask("GET", where).json()["state"] == "waiting"
    unlucky = caller.ask("POST", caller.one + "/stop", key="done", wait=1)
    assert (unlucky.status_code, unlucky.json()["outcome"]["state"]) == (202, "waiting")
    stack.start_worker()
    stack.start_beat()
    wait_until(lambda: caller.ask("GET", where).json()["state"] == "applied", reason="the create")


def test_the_same_command_many_times_counts_once(stack: Stack, caller: Caller) -> None:
    """Twenty at once with one key have one receipt and one effect; with other content the key is refused."""
    stack.start_worker()

    async def all_at_once() -> list[httpx.Response]:
        return await asyncio.gather(*(asyncio.to_thread(caller.create, wait=10) for _ in range(20)))

    answers = asyncio.run(all_at_once())
    assert {outcome(each)["state"] for each in answers} == {"applied"}
    receipts = [each.json()["receipt"] for each in answers]
    assert len({each["id"] for each in receipts}) == 1
    assert sum(not each["duplicate"] for each in receipts) == 1
    other = caller.create(subject="Something else")
    assert (other.status_code, other.json()["type"]) == (422, "/v1/problems/idempotency-key-reused")
    assert len(stack.effects()) == 1


def test_a_buried_command_says_why(stack: Stack, caller: Caller) -> None:
    """What the API refuses for good is told with its cause, and what stands behind it as parked."""
    stack.start_worker()
    fault = {"service": "support", "operation": "create", "kind": "status", "status": 400}
    stack.sandbox("PUT", "faults", [fault])
    buried = outcome(caller.create(wait=10))
    assert (buried["state"], buried["cause"]) == ("buried", "rejected")
    assert buried["reason"]
    assert buried["letter"]
    behind = caller.ask("POST", caller.one + "/stop", key="done", wait=10)
    assert (behind.status_code, behind.elapsed.total_seconds() < 5) == (202, True)
    assert (behind.json()["outcome"]["state"], behind.json()["outcome"]["parked"]) == ("waiting", True)


def test_keys_open_the_door_and_change_without_a_restart(stack: Stack, caller: Caller) -> None:
    """Both keys of a client fit, no other one does, and a file that changes is read again."""
    path = caller.one
    assert caller.ask("GET", path, bearer="shop-old-0123456789").status_code == 404
    refused = caller.ask("GET", path, bearer="somebody-else-0123456789")
    assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    (stack.directory / "shop.key").write_text("shop-new-0123456789\n")
    assert caller.ask("GET", path, bearer="shop-new-0123456789").status_code == 404
    assert caller.ask("GET", path).status_code == 401
    elsewhere = path.replace("support", "billing")
    assert caller.ask("GET", elsewhere, bearer="shop-new-0123456789").status_code == 403
