"""The demo's files do what their README says."""

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connectors.headers import Headers
from connectors.reception import receive

if TYPE_CHECKING:
    from tests.connectors.conftest import RecordingDoor, Settled

DEMO = Path(__file__).parents[2] / "bridge" / "demo_input"
PROMISES = re.findall(r"\| `(\S+)` \| (\w+) \| (\w+):", (DEMO / "README.md").read_text("utf-8"))


@pytest.mark.parametrize(("folder", "ending"), [("webhooks", ".json"), ("mails", ".eml")])
def test_every_file_does_what_the_readme_says(
    tickets: "Settled", mailbox: "Settled", door: "RecordingDoor", folder: str, ending: str
) -> None:
    """Sent in order, each file gets the promised answer and leaves the promised command, or none."""
    channel = tickets if folder == "webhooks" else mailbox
    promised = [promise for promise in PROMISES if promise[0].endswith(ending)]
    found = []
    for path in sorted((DEMO / folder).iterdir()):
        delivery = channel.delivery(path.read_bytes())
        if "unsigned" in path.name:
            delivery = type(delivery)(
                **{each: getattr(delivery, each) for each in delivery.__slots__} | {"headers": Headers()}
            )
        before = len(door.commands)
        answer = asyncio.run(receive(channel.connector, delivery, door))
        kinds: list[str] = [command.kind for command in door.commands[before:]]
        found.append((path.name, answer.answered.value, *(kinds or ["nothing"])))
    assert found == promised


def test_threads_of_the_demo_are_conversations(mailbox: "Settled", door: "RecordingDoor") -> None:
    """The reply stands in the lane of the mail it answers, and every other mail in its own."""
    for path in sorted((DEMO / "mails").iterdir()):
        asyncio.run(receive(mailbox.connector, mailbox.delivery(path.read_bytes()), door))
    lanes = [command.external_id for command in door.commands]
    assert lanes[0] == lanes[1]
    assert len(set(lanes)) == len(lanes) - 1
