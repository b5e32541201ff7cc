"""Second readings of what could not be understood."""

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from console.reading import Reader
from console.round import Fate, Happened
from worker.commands import Create
from worker.letters import Unreadable
from worker.wiring import Bridge, utc_now

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator

_BODY = json.dumps({"ticket": {"id": 7}, "delivery": "d-1"}).encode()


def letter(body: bytes = _BODY, channel: str = "tickets") -> Unreadable:
    """Return a kept delivery."""
    return Unreadable(
        id="u" * 32, service="support", channel=channel, reason="?", arrived_at=utc_now(), body=body
    )


def read(operator: "Operator", kept: Unreadable) -> Happened:
    """Keep a delivery and read it again."""

    async def body(bridge: Bridge) -> Happened:
        await bridge.intake.keep(kept)
        return await Reader(bridge).bring_back(kept)

    return operator.does(body)


def test_what_can_be_read_now_is_submitted_under_its_own_key(operator: "Operator") -> None:
    """The channel was mended: the command goes the way of any other, and the letter is gone."""
    operator.configure("ticket.id")
    happened = read(operator, letter())
    assert happened.fate is Fate.DONE

    async def body(bridge: Bridge) -> None:
        assert await bridge.store.dead("support", limit=9) == ()
        (told,) = happened.text.split(", ")
        view = await bridge.store.view("support", told.removeprefix("command 1 of "))
        assert view is not None
        (queued,) = view.pending
        assert isinstance(queued.command, Create)
        assert queued.command.idempotency_key == "tickets:d-1"

    operator.does(body)


def test_what_is_still_unreadable_is_kept(operator: "Operator") -> None:
    """With today's reason."""
    happened = read(operator, letter())
    assert happened.fate is Fate.KEPT
    assert happened.text.startswith("still unreadable: ")
    assert len(operator.reads("dead", "list", "support", "--each")) > 1


def test_a_channel_that_is_gone_reads_nothing(operator: "Operator") -> None:
    """It is said which one."""
    happened = read(operator, letter(channel="old"))
    assert happened.fate is Fate.KEPT
    assert happened.text.startswith("channel 'old' is no longer configured")


def test_a_conflict_stays_one(operator: "Operator") -> None:
    """The key was accepted with another content: reading it again cannot help."""
    operator.configure("ticket.id")
    assert read(operator, letter()).fate is Fate.DONE
    other = json.dumps({"ticket": {"id": 7}, "delivery": "d-1", "subject": "Other"}).encode()
    happened = read(operator, letter(other))
    assert happened.fate is Fate.KEPT
    assert "'tickets:d-1' was accepted with another content" in happened.text


def test_what_the_api_would_refuse_is_kept(operator: "Operator") -> None:
    """Too much user data that cannot be shortened is no reason to lose the delivery."""
    operator.configure("ticket.id")
    huge = json.dumps({"ticket": {"id": 7}, "delivery": "d-2", "subject": list(range(300))}).encode()
    happened = read(operator, letter(huge))
    assert happened.fate is Fate.KEPT
    assert happened.text.startswith("still unreadable: ")


def test_foreseeing_changes_nothing(operator: "Operator") -> None:
    """It says what would come of it, either way."""
    operator.configure("ticket.id")

    async def body(bridge: Bridge) -> None:
        reader = Reader(bridge)
        await bridge.intake.keep(letter())
        good, bad = await reader.foresee(letter()), await reader.foresee(letter(b"{"))
        gone = await reader.foresee(letter(channel="old"))
        assert (good.fate, bad.fate, gone.fate) == (Fate.DONE, Fate.KEPT, Fate.KEPT)
        assert good.text.startswith("create tickets-")
        assert await bridge.store.dead("support", limit=9) != ()
        assert await bridge.store.interactions("support", limit=9) == ()

    operator.does(body)


_MAIL = b"Message-ID: <m1@x>\nAuto-Submitted: auto-replied\n\nwords"
_MAIL_CHANNEL = """
[channels.mail]
connector = "email"
service = "sales"
[channels.mail.options]
addresses = ["support@example.com"]
machines = { auto_reply = "bury" }
"""


def test_mail_that_was_set_aside_is_let_in_by_a_replay(operator: "Operator", tmp_path: Path) -> None:
    """In the conversation that its names lead to; what would come of it can be seen before."""
    config = tmp_path / "bridge.toml"
    config.write_text(config.read_text() + _MAIL_CHANNEL)
    kept = letter(_MAIL, channel="mail").model_copy(
        update={"service": "sales", "headers": (("Return-Path", ""), ("Delivered-To", "support@example.com"))}
    )

    async def body(bridge: Bridge) -> None:
        assert (await Reader(bridge).foresee(kept)).text.startswith("create mail-")
        await bridge.store.bind(
            "sales",
            "mail",
            (" id:m1@x",),
            mark="",
            default="its-thread",
            window=timedelta(days=1),
            now=bridge.clock(),
        )

    operator.does(body)
    assert read(operator, kept).text == "command 1 of its-thread"
