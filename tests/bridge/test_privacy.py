"""`bridge privacy`, as a person types it, over a real store and real blobs."""

import base64
import json
from collections.abc import Iterable
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from connectors.base import Delivery, Envelope, Threaded
from connectors.headers import Headers
from connectors.keeping import preserve
from connectors.placing import place
from connectors.registry import build
from worker.blob import BlobName
from worker.wiring import Bridge

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator

JANE = "jane@example.org"
CONVERSATION = ("--service", "support", "--external-id", "c-1")
PERSON = ("--address", "Jane@Example.org")

_MAIL = """
[channels.mail]
connector = "email"
service = "sales"
options = { addresses = ["support@example.com"] }
"""


def a_mail(name: str, sender: str, text: str, *, answers: str = "") -> bytes:
    """Return a mail whose text is in base64."""
    message = EmailMessage()
    message["Message-ID"] = f"<{name}@example.org>"
    message["From"] = sender
    message["To"] = "support@example.com"
    message["Date"] = "Thu, 26 Nov 2026 12:00:00 +0000"
    message["Subject"] = f"About {name}"
    if answers:
        message["In-Reply-To"] = f"<{answers}@example.org>"
    message.set_content(text, cte="base64")
    return bytes(message)


async def _arrive(bridge: Bridge, mails: Iterable[bytes]) -> None:
    """Let mails come in as by their door."""
    connector = build("mail", bridge.settings.channels["mail"], bridge.secrets.readers(()))
    envelope = Envelope("", ("support@example.com",))
    for raw in mails:
        delivery = Delivery("mail", Headers(), raw, bridge.clock(), envelope=envelope)
        read = connector.translate(connector.verify(delivery))
        assert isinstance(read, Threaded)
        await preserve(read, "mail", bridge.intake)
        placed = await place(connector, read, bridge.intake)
        assert isinstance(placed, tuple)
        await bridge.intake.submit(placed)


def answer(operator: "Operator", *arguments: str) -> Any:  # noqa: ANN401 - JSON of any shape
    """Run a command for a script and return its answer."""
    result = operator.types("privacy", *arguments, "--json")
    assert result.exit_code == 0, result.output or result.exception
    return json.loads(result.stdout)


@pytest.fixture
def jane(operator: "Operator", a_create: Any) -> "Operator":  # noqa: ANN401 - a fixture's function
    """A store with Jane in a buried create, an unreadable delivery and a mail; and with others."""
    create = a_create()
    operator.buries(create.model_copy(update={"user_data": {"From": f"Jane <{JANE}>"}}), a_create("c-2"))
    operator.keeps(f"no json from {JANE}".encode())
    operator.keeps(b"no json from mary-jane@example.org, jane@example.org.invalid", "v" * 32)

    async def put(bridge: Bridge) -> None:
        assert bridge.blobs is not None
        for content in (f"From: {JANE}\r\n\r\nHello".encode(), b"From: joe@example.org\r\n\r\nHello"):
            await bridge.blobs.put(BlobName.of("mail", content), content)

    operator.does(put)
    return operator


def test_a_conversation_is_exported_whole(jane: "Operator") -> None:
    """The ledger row, the history, and the dead letter with what it carries."""
    told = answer(jane, "export", *CONVERSATION)
    (lane,) = told["conversations"]
    assert lane["ledger"]["external_id"] == "c-1"
    assert [each["event"] for each in lane["history"]] == ["received", "buried"]
    assert told["dead_letters"][0]["command"]["user_data"]["From"] == f"Jane <{JANE}>"


def test_a_person_is_found_wherever_the_address_stands(jane: "Operator") -> None:
    """In user data, in bytes that nobody could read, in a whole mail; who only looks alike is not meant."""
    told = answer(jane, "export", *PERSON)
    assert [each["ledger"]["external_id"] for each in told["conversations"]] == ["c-1"]
    assert {each.get("cause", "unreadable") for each in told["dead_letters"]} == {"rejected", "unreadable"}
    assert len(told["dead_letters"]) == 2
    (mail,) = told["messages"]
    assert JANE.encode() in base64.b64decode(mail["content"])


def test_nothing_of_a_person_is_left(jane: "Operator") -> None:
    """Said first and done with --yes; the conversation's history says that, and nothing about whom."""
    assert answer(jane, "erase", *PERSON)["erased"] is False
    done = answer(jane, "erase", *PERSON, "--yes")
    assert (done["letters"], done["messages"], done["waiting"]) == (2, 1, [])
    assert answer(jane, "export", *PERSON) == {"conversations": [], "dead_letters": [], "messages": []}
    (lane,) = answer(jane, "export", *CONVERSATION)["conversations"]
    assert [each["event"] for each in lane["history"]] == ["received", "buried", "discarded", "erased"]
    assert all(each["detail"] == {} for each in lane["history"])
    assert len(jane.reads("dead", "list", "support", "--each")) > 2, "the others' letters are still there"
    log = "\n".join(jane.reads("audit-log", "--json"))
    assert "erase" in log
    assert JANE not in log.lower()


def test_a_sender_leads_to_what_is_over(operator: "Operator", a_create: Any) -> None:  # noqa: ANN401 - as above
    """Nothing of the words is kept, and the conversation is found by who wrote; once erased, by nobody."""
    (letter,) = operator.buries(a_create().model_copy(update={"user_data": {"From": JANE}}))
    operator.reads("dead", "discard", "support", letter, "--reason", "over")
    (lane,) = answer(operator, "export", *PERSON)["conversations"]
    assert lane["ledger"]["external_id"] == "c-1"
    assert answer(operator, "erase", *PERSON, "--yes")["history_lines"] == 3
    assert answer(operator, "export", *PERSON)["conversations"] == []


def test_a_conversation_is_meant_whole(operator: "Operator", tmp_path: Path) -> None:
    """Of a thread of three one mail names Jane, encoded: all three go, and the conversation is named."""
    with (tmp_path / "bridge.toml").open("a") as settings:
        settings.write(_MAIL)
    thread = (
        a_mail("m-1", "joe@example.org", "Please see what my sister wrote."),
        a_mail("m-2", "support@example.com", f"We have written to {JANE}.", answers="m-1"),
        a_mail("m-3", "joe@example.org", "Thank you.", answers="m-2"),
    )
    other = a_mail("m-9", "joe@example.org", "Something else.")
    operator.does(lambda bridge: _arrive(bridge, (*thread, other)))
    told = answer(operator, "export", "--address", JANE)
    assert {base64.b64decode(each["content"]) for each in told["messages"]} == set(thread)
    (lane,) = {each["ledger"]["external_id"] for each in told["conversations"]}
    assert "commands wait in" in operator.refused("privacy", "erase", "--address", JANE, "--yes")
    done = answer(operator, "erase", "--address", JANE, "--yes", "--force")
    assert (done["conversations"], done["messages"], done["waiting"]) == ([f"sales {lane}"], 3, [lane])
    told = answer(operator, "export", "--address", "joe@example.org")
    assert [base64.b64decode(each["content"]) for each in told["messages"]] == [other]


def test_a_conversation_takes_its_mails_along(operator: "Operator", tmp_path: Path) -> None:
    """Asked for by its ids, it is exported and erased with the mails it had, and with no others."""
    with (tmp_path / "bridge.toml").open("a") as settings:
        settings.write(_MAIL)
    mails = [a_mail(name, "joe@example.org", f"I am {name}.") for name in ("m-1", "m-2")]
    operator.does(lambda bridge: _arrive(bridge, mails))
    told = answer(operator, "export", "--address", "joe@example.org")
    first = next(each for each in told["conversations"] if "m-1" in json.dumps(each["waiting"]))
    meant = ("--service", "sales", "--external-id", first["ledger"]["external_id"])
    (mail,) = answer(operator, "export", *meant)["messages"]
    assert base64.b64decode(mail["content"]) == mails[0]
    assert answer(operator, "erase", *meant, "--yes", "--force")["messages"] == 1


def test_what_waits_holds_it_back(operator: "Operator", a_create: Any) -> None:  # noqa: ANN401 - as above
    """It was accepted, so it is delivered; --force erases the rest."""
    operator.accepts(a_create())
    assert "commands wait in c-1" in operator.refused("privacy", "erase", *CONVERSATION, "--yes")
    assert answer(operator, "erase", *CONVERSATION, "--yes", "--force")["waiting"] == ["c-1"]
    (lane,) = answer(operator, "export", *CONVERSATION)["conversations"]
    assert len(lane["waiting"]) == 1


def test_what_cannot_be_looked_for(operator: "Operator") -> None:
    """A conversation nobody heard of, something that is no address, and neither or both."""
    assert "has nothing of 'c-9'" in operator.refused(
        "privacy", "export", "--service", "support", "--external-id", "c-9"
    )
    assert "is no address" in operator.refused("privacy", "export", "--address", "jane")
    assert operator.types("privacy", "export").exit_code == 2
    assert operator.types("privacy", "erase", *CONVERSATION, *PERSON).exit_code == 2
