"""Commands count once, outcomes are waited for, live reads ask the API and nobody else."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.connectors.hosts.commands.conftest import COLLECTION, KEY, NOW, problem
from worker.operations import ByExternalId, GetInteraction
from worker.outcomes import (
    Evidence,
    Failed,
    NotFound,
    Ok,
    Outcome,
    Overloaded,
    Rejected,
    Snapshot,
    Unauthorized,
    Unknown,
)

if TYPE_CHECKING:
    from tests.connectors.hosts.commands.conftest import Shop

ONE = f"{COLLECTION}/c-1"


def test_the_same_command_gets_the_first_receipt(shop: "Shop") -> None:
    """Same key, same content: the same answer, said to be a duplicate, at the same place."""
    first, again = shop.create(), shop.create()
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["receipt"] == {**first.json()["receipt"], "duplicate": True}
    assert first.json()["receipt"]["duplicate"] is False
    assert again.headers["location"] == first.headers["location"] == f"{ONE}/commands/1"


def test_one_key_for_two_commands_is_refused(shop: "Shop") -> None:
    """Same key, other content: 422, both fingerprints, and the first one stands."""
    shop.create()
    other = shop.ask("POST", f"{ONE}/stop", key="k-1")
    content = problem(other, 422, "idempotency-key-reused")
    assert content["first_fingerprint"] != content["second_fingerprint"]
    assert shop.ask("GET", ONE).json()["ledger"]["accepted"] == 1


def test_the_keys_of_two_clients_are_two_keys(shop: "Shop") -> None:
    """Nobody can use up, or learn of, another client's key."""
    shop.create()
    other = shop.create(bearer="desk-key-0123456789").json()["receipt"]
    assert (other["sequence"], other["duplicate"]) == (2, False)


def test_a_full_lane_asks_to_come_again(shop: "Shop") -> None:
    """503 with a time, and nothing was accepted."""
    for number in range(5):
        assert shop.create(key=f"k-{number}").status_code == 202
    full = shop.create(key="k-5")
    problem(full, 503, "lane-full")
    assert int(full.headers["retry-after"]) > 0


def test_user_data_that_cannot_be_shortened_is_refused(
    shop: "Shop", make_shop: Callable[..., "Shop"]
) -> None:
    """Too many numbers leave nothing to cut."""
    roomy = make_shop(max_body_bytes=1_000_000)
    content = {"external_id": "c-1", "user_data": {f"Number{n}": n for n in range(2000)}}
    problem(roomy.ask("POST", COLLECTION, content, key="k-1"), 400, "user-data-refused")
    problem(shop.ask("POST", COLLECTION, content, key="k-1"), 413, "too-large")


def test_an_outcome_is_waited_for(shop: "Shop") -> None:
    """A worker applies the command meanwhile: 200 with what became of it, and the wait that was granted."""

    async def both() -> httpx.Response:
        transport = httpx.ASGITransport(shop.app)
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": '"k-1"', "Prefer": "wait=5"}
        async with httpx.AsyncClient(transport=transport, base_url="http://bridge") as client:
            content = {"external_id": "c-1"}
            asking = asyncio.create_task(client.post(COLLECTION, json=content, headers=headers))
            while await shop.store.view("support", "c-1") is None:  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.01)
            await shop.settle("c-1", 1, note="created", attempt=1)
            return await asking

    response = asyncio.run(both())
    assert (response.status_code, response.headers["preference-applied"]) == (200, "wait=5")
    outcome = response.json()["outcome"]
    assert (outcome["state"], outcome["note"], outcome["interaction_id"]) == ("applied", "created", "I1")


def test_a_wait_in_vain_says_so(make_shop: Callable[..., "Shop"]) -> None:
    """202 with what is known, the wait cut to the setting's figure."""
    response = make_shop(longest_wait_s=1).create(headers={"Prefer": "wait=60"})
    assert (response.status_code, response.headers["preference-applied"]) == (202, "wait=1")
    assert response.json()["outcome"]["state"] == "waiting"


@pytest.mark.parametrize("wish", ["wait=0", "wait=soon", "respond-async"])
def test_whoever_does_not_wish_to_wait_does_not(shop: "Shop", wish: str) -> None:
    """The receipt at once."""
    response = shop.create(headers={"Prefer": wish})
    assert (response.status_code, response.json()["outcome"]) == (202, None)
    assert "preference-applied" not in response.headers


def test_without_a_seat_the_receipt_comes_at_once(make_shop: Callable[..., "Shop"]) -> None:
    """A preference is a wish: it is not granted, and nothing fails."""
    response = make_shop(max_waiting=0).create(headers={"Prefer": "wait=5"})
    assert (response.status_code, response.json()["outcome"]) == (202, None)
    assert "preference-applied" not in response.headers


def test_a_live_read_asks_the_api(shop: "Shop") -> None:
    """For the present generation, under its external id there."""
    shop.create()
    snapshot = Snapshot(interaction_id="I1", state="Routing", user_data={"Subject": "Hello"})
    shop.remote.outcome = Ok(Evidence(status=200), snapshot)
    read = shop.ask("GET", f"{ONE}?live=true").json()
    assert read["live"] == {
        "found": True,
        "interaction_id": "I1",
        "state": "Routing",
        "user_data": {"Subject": "Hello"},
    }
    assert read["ledger"]["state"] == "new"
    assert shop.remote.asked == [GetInteraction(ByExternalId("c-1"))]


def test_what_only_the_api_knows_is_found_live(shop: "Shop") -> None:
    """Without a ledger row, if there is such an interaction; otherwise it is nowhere."""
    shop.remote.outcome = Ok(Evidence(status=200), Snapshot(interaction_id="I9"))
    read = shop.ask("GET", f"{ONE}?live=true").json()
    assert (read["ledger"], read["live"]["interaction_id"]) == (None, "I9")
    shop.remote.outcome = NotFound(Evidence(status=404))
    problem(shop.ask("GET", f"{ONE}?live=true"), 404, "not-found")


def test_what_is_gone_there_is_still_known_here(shop: "Shop") -> None:
    """The ledger's view, and that there is no such live interaction."""
    shop.create()
    read = shop.ask("GET", f"{ONE}?live=true").json()
    assert (read["ledger"]["accepted"], read["live"]["found"]) == (1, False)


@pytest.mark.parametrize(
    ("outcome", "status", "name"),
    [
        (Failed(Evidence(status=500, detail="a fault")), 502, "api-failed"),
        (Unknown(Evidence(detail="no answer")), 502, "api-failed"),
        (Unauthorized(Evidence(status=401)), 502, "api-failed"),
        (Rejected(Evidence(status=400)), 502, "api-failed"),
        (Overloaded(Evidence(status=429)), 503, "unavailable"),
    ],
)
def test_an_api_that_does_not_answer_is_named(shop: "Shop", outcome: Outcome, status: int, name: str) -> None:
    """Whose fault it is can be told from the status: 502 is the API's, 503 asks for patience."""
    shop.create()
    shop.remote.outcome = outcome
    problem(shop.ask("GET", f"{ONE}?live=true"), status, name)
    assert shop.ask("GET", ONE).status_code == 200


SENT = {"channel": "mail", "message_id": "<a1@desk.example.com>"}


def test_a_sent_mail_is_remembered_for_its_conversation(shop: "Shop") -> None:
    """Said once or again; of a follow-up, for the conversation that it follows."""
    shop.create()
    for path in (ONE, ONE, f"{ONE}~2"):
        told = shop.ask("POST", f"{path}/sent", SENT)
        assert (told.status_code, told.json()["external_id"]) == (200, "c-1")
    bound = shop.store.bind(
        "support",
        "mail",
        (" id:a1@desk.example.com",),
        mark="",
        default="new",
        window=timedelta(days=7),
        now=NOW,
    )
    assert asyncio.run(bound) == "c-1"


def test_a_sent_mail_of_another_conversation_stays_there(shop: "Shop") -> None:
    """It is said which one."""
    shop.create()
    shop.create("c-2", key="k-2")
    assert shop.ask("POST", f"{ONE}/sent", SENT).status_code == 200
    content = problem(shop.ask("POST", f"{COLLECTION}/c-2/sent", SENT), 409, "message-elsewhere")
    assert content["external_id"] == "c-1"


@pytest.mark.parametrize(
    ("path", "body", "status", "name"),
    [
        (f"{COLLECTION}/nobody/sent", SENT, 404, "not-found"),
        (f"{ONE}/sent", {**SENT, "channel": "none"}, 400, "invalid-request"),
        (f"{ONE}/sent", {**SENT, "channel": "sales"}, 400, "invalid-request"),
        (f"{ONE}/sent", {**SENT, "message_id": "two words"}, 400, "invalid-request"),
        (f"{ONE}/sent", {**SENT, "extra": 1}, 400, "invalid-request"),
    ],
)
def test_nonsense_about_a_sent_mail_is_refused(
    shop: "Shop", path: str, body: dict[str, Any], status: int, name: str
) -> None:
    """An unknown conversation, a channel that is none or another service's, and what is no Message-ID."""
    shop.create()
    problem(shop.ask("POST", path, body), status, name)
