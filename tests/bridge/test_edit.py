"""`bridge dead edit`."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest

from console.mending import NotAnEdit, changed
from worker.commands import Create, Stop, Update
from worker.wiring import Bridge, utc_now

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator, Up

_STAMPS = {
    "service": "support",
    "external_id": "c-1",
    "idempotency_key": "mail:1",
    "channel": "mail",
    "received_at": utc_now(),
}
CREATE = Create(**_STAMPS, user_data={"Subject": "Hello", "a.b": 1})
UPDATE = Update(**_STAMPS, changed={"Status": "new"})


def test_a_path_names_a_field_or_a_property_in_one() -> None:
    """Properties may have dots; what is taken out is gone, a field taken out is as if never set."""
    assert changed(CREATE, ['user_data.Subject="Mended"', "user_data.a.b=2"], []) == {
        "user_data": {"Subject": "Mended", "a.b": 2}
    }
    assert changed(CREATE, ['on_conflict="adopt"'], ["user_data.a.b"]) == {
        "on_conflict": "adopt",
        "user_data": {"Subject": "Hello"},
    }
    assert changed(UPDATE, ['deleted=["Status"]'], ["changed"]) == {"deleted": ["Status"], "changed": {}}


@pytest.mark.parametrize(
    ("command", "sets", "unsets", "said"),
    [
        (CREATE, ['external_id="c-2"'], [], "'external_id' of a create cannot be changed; what can is"),
        (CREATE, ['service="sales"'], [], "'service' of a create cannot be changed"),
        (UPDATE, ['kind="stop"'], [], "'kind' of an update cannot be changed"),
        (CREATE, ["user_data.Subject"], [], "is not PATH=JSON"),
        (CREATE, ["user_data.Subject=Hello"], [], "a text needs its quotes"),
        (CREATE, ["user_data.n=NaN"], [], "is not JSON"),
        (CREATE, ['on_conflict.x="y"'], [], "'on_conflict' has no properties"),
        (CREATE, [], ["user_data.Nothing"], "there is no 'user_data.Nothing' to take out; there is: "),
        (CREATE, ['user_data.Subject="Hello"'], [], "nothing would change"),
        (Stop(**_STAMPS), [], [], "nothing would change"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_sentence(
    command: Create | Update | Stop, sets: list[str], unsets: list[str], said: str
) -> None:
    """It names the path, the reason and what can be done."""
    with pytest.raises(NotAnEdit, match=said):
        changed(command, sets, unsets)


def test_an_edited_create_goes_back_to_its_place(
    operator: "Operator", a_create: Callable[..., Create]
) -> None:
    """The dry run shows before and after; then the mended command stands at the head of its lane."""
    (letter_id,) = operator.buries(a_create())
    edit = (
        "dead",
        "edit",
        "support",
        letter_id,
        "--set",
        'user_data.Skill="x"',
        "--unset",
        "user_data.Subject",
    )
    told = operator.reads(*edit, "--dry-run")
    assert told == [
        "what before after",
        'user_data.Subject "Hello" —',
        'user_data.Skill "none" "x"',
        "a dry run: nothing was changed",
    ]
    assert operator.reads(*edit)[-1] == "replayed as command 1 of c-1"

    async def body(bridge: Bridge) -> None:
        view = await bridge.store.view("support", "c-1")
        assert view is not None
        (queued,) = view.pending
        assert isinstance(queued.command, Create)
        assert queued.command.user_data == {"Skill": "x"}
        assert queued.command.idempotency_key == "mail:c-1#replay-2"

    operator.does(body)
    assert len(operator.rung) == 1
    assert "has no dead letter" in operator.refused(*edit)


def test_an_edit_is_held_to_every_rule(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """What the vocabulary or the API would refuse is refused before the letter is touched."""
    (letter_id,) = operator.buries(a_create())
    edit = ("dead", "edit", "support", letter_id, "--set")
    assert "on_conflict: Input should be" in operator.refused(*edit, 'on_conflict="fight"')
    assert "'queue' is reserved for the system" in operator.refused(*edit, 'user_data.queue="x"')
    assert operator.reads("dead", "show", "support", letter_id)[0] == f"dead letter {letter_id}"


def test_a_delivery_cannot_be_edited(operator: "Operator") -> None:
    """It is kept as it came; what can be mended is its channel."""
    letter_id = operator.keeps(b"{")
    said = operator.refused("dead", "edit", "support", letter_id, "--set", "user_data.a=1")
    assert "is an unreadable delivery" in said
    assert "channel 'tickets'" in said


@pytest.mark.story
def test_a_person_mends_what_was_rejected(live: "Up") -> None:
    """With nothing but commands: status finds it, the letter explains it, the edit has it applied."""
    fault = json.dumps([{"operation": "create", "kind": "status", "status": 400, "times": 1}]).encode()
    request = Request(f"{live.places['sandbox']}/sandbox/faults", fault, method="PUT")  # noqa: S310 - our own server
    request.add_header("Content-Type", "application/json")
    with urlopen(request):  # noqa: S310 - our own server
        live.bridge("send", "create", "support", "mended", "--data", "Subject=Hello")
    live.shown("mended", event="buried")
    told = live.bridge("status")
    assert (told.returncode, "`bridge dead list support` tells which" in told.stdout) == (1, True)
    (found,) = json.loads(live.bridge("dead", "list", "support", "--external-id", "mended", "--json").stdout)
    told = live.bridge("dead", "show", "support", found["id"])
    assert "CreateInteraction (apply)  → Rejected 400" in told.stdout, told.stdout
    told = live.bridge("dead", "edit", "support", found["id"], "--set", 'user_data.Subject="Mended"')
    assert told.returncode == 0, told.stderr
    assert live.shown("mended")["interaction"]["state"] == "open"
    assert live.bridge("dead", "list", "support", "--external-id", "mended", "--json").stdout == "[]\n"
