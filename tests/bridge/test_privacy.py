"""`bridge privacy`, as a person types it, over a real store and real blobs."""

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from worker.blob import BlobName
from worker.wiring import Bridge

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator

JANE = "jane@example.org"
CONVERSATION = ("--service", "support", "--external-id", "c-1")
PERSON = ("--address", "Jane@Example.org")


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
