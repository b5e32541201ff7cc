"""The seven endpoints, from the client to the sandbox and back."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from worker.api import Connections, OpenMediaApi
from worker.operations import (
    ByExternalId,
    ByInteractionId,
    CreateInteraction,
    GetInteraction,
    Reference,
    StopInteraction,
    UpdateInteraction,
)
from worker.outcomes import Conflict, NotFound, Ok, Outcome, Rejected, Unauthorized
from worker.settings import ServiceSettings

pytestmark = pytest.mark.story

SettingsFor = Callable[..., ServiceSettings]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    """A sandbox of our own, and its base URL."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--service", "support=k3y"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().split()[-1] + "/nexus/v3"
        process.terminate()


@pytest.fixture
def send_all(sandbox: str, settings_for: SettingsFor) -> Callable[..., list[Outcome]]:
    """Send operations one after the other, with this key."""

    def run(*operations: object, key: str = "k3y") -> list[Outcome]:
        async def sending() -> list[Outcome]:
            async with Connections() as connections:
                settings = settings_for(sandbox)
                api = OpenMediaApi(connections, "support", settings, api_key=lambda: key, clock=lambda: NOW)
                return [await api.send(operation, trace_id="ab" * 16) for operation in operations]

        return asyncio.run(sending())

    return run


def life_of(reference: Reference) -> list[object]:
    """Return a look, an update, a look, a stop and a last look at one interaction."""
    return [
        GetInteraction(reference),
        UpdateInteraction(reference, {"Subject": "Hello"}, {"Mood": "good"}, ("Gone",)),
        GetInteraction(reference),
        StopInteraction(reference, "Normal", "solved"),
        GetInteraction(reference),
    ]


def assert_lived(outcomes: list[Outcome]) -> None:
    """Check the outcomes of `life_of`."""
    before, updated, after, stopped, gone = outcomes
    assert type(before) is type(updated) is type(stopped) is Ok
    assert before.snapshot.user_data == {"Subject": "Hi", "Gone": "soon"}
    assert after.snapshot.user_data == {"Subject": "Hello", "Mood": "good"}
    assert type(gone) is NotFound


@pytest.mark.parametrize("external_id", ["mail-1", "a;b=c/../d?e#f%2Fg é@ß:1+2", ".."])
def test_an_interaction_lives_by_its_external_id(
    send_all: Callable[..., list[Outcome]], external_id: str
) -> None:
    """Create, look, update and stop by external id, whatever the id holds; a second create is a conflict."""
    create = CreateInteraction(external_id, {"Subject": "Hi", "Gone": "soon"}, NOW)
    created, conflict, *life = send_all(create, create, *life_of(ByExternalId(external_id)))
    assert type(created) is Ok
    assert type(conflict) is Conflict
    assert_lived(life)
    assert life[0].snapshot.external_id == external_id


def test_an_interaction_lives_by_its_own_id(send_all: Callable[..., list[Outcome]]) -> None:
    """The same three endpoints by interaction id, for an interaction that has no external id."""
    (created,) = send_all(CreateInteraction(None, {"Subject": "Hi", "Gone": "soon"}))
    assert_lived(send_all(*life_of(ByInteractionId(created.snapshot.interaction_id))))


def test_refusals_are_told_apart(send_all: Callable[..., list[Outcome]]) -> None:
    """A wrong request, an unknown interaction and a wrong key are three different outcomes."""
    reserved = CreateInteraction("mail-2", {"InteractionId": "mine"})
    rejected, missing = send_all(reserved, UpdateInteraction(ByExternalId("never-created")))
    (unauthorized,) = send_all(GetInteraction(ByExternalId("mail-2")), key="wrong")
    assert (type(rejected), type(missing), type(unauthorized)) == (Rejected, NotFound, Unauthorized)
