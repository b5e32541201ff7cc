"""A pass over a folder takes every mail once, whatever happens between any two of its steps."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from connectors.hosts.imap.connection import Arrival, Connection
from connectors.hosts.imap.errors import ComeAgain, HoldLost
from tests.connectors.hosts.imap.conftest import T0, Place, letter
from worker.errors import StoreUnavailable
from worker.mailboxes import Filing

if TYPE_CHECKING:
    from tests.connectors.conftest import RecordingDoor

NAMES = ("one", "two", "three")


def subjects(door: "RecordingDoor") -> list[str]:
    """Return the subjects of what was accepted, in order."""
    return [str(each.model_dump()["user_data"]["Subject"]) for each in door.commands]


def in_folders(place: Place) -> None:
    """Have mail moved."""
    box = place.folder
    place.set(done_folder=f"{box}-done", failed_folder=f"{box}-failed", ignored_folder=f"{box}-ignored")


def test_new_mail_is_taken_in_order_and_marked(place: Place) -> None:
    """Each mail is submitted once, in UID order, and marked; a second pass finds nothing to do."""
    place.put(*map(letter, NAMES))
    assert place.pass_once() == 3
    assert subjects(place.door) == list(NAMES)
    assert set(map(frozenset, place.server.flags(place.folder).values())) == {frozenset({b"\\Seen"})}
    assert place.pass_once() == 0
    place.put(letter("four"))
    assert place.pass_once() == 1
    assert subjects(place.door) == [*NAMES, "four"]


def test_reading_leaves_mail_as_it_was(place: Place) -> None:
    """What the store did not accept is still unread, and is read again."""
    place.put(letter("one"))
    place.door.fault = StoreUnavailable("away")
    with pytest.raises(ComeAgain):
        place.pass_once()
    assert list(place.server.flags(place.folder).values()) == [set()]
    place.door.fault = None
    assert place.pass_once() == 1
    assert subjects(place.door) == ["one"]


def test_mail_is_moved_where_it_belongs(place: Place) -> None:
    """Done, failed and ignored mail have folders of their own, which are made."""
    in_folders(place)
    robot = letter("robot", Auto_Submitted="auto-replied")
    nothing = b"\r\n"
    loop = letter("loop", X_Loop="support@example.com")
    place.put(letter("one"), robot, loop, letter("one"))
    assert place.pass_once() == 4
    box = place.folder
    assert place.server.subjects(f"{box}-done") == ["one", "one"]
    assert place.server.subjects(f"{box}-ignored") == ["robot"]
    assert place.server.subjects(f"{box}-failed") == ["loop"]
    assert place.server.subjects(box) == []
    assert subjects(place.door) == ["one"]
    assert [each.reason[:4] for each in place.door.letters.values()] == ["loop"]
    assert nothing not in {each.body for each in place.door.letters.values()}


def test_what_failed_is_flagged_where_it_stays(place: Place) -> None:
    """A person finds it, marked and flagged."""
    place.put(letter("loop", X_Loop="support@example.com"))
    place.pass_once()
    assert list(place.server.flags(place.folder).values()) == [{b"\\Seen", b"\\Flagged"}]


class Killed(BaseException):
    """The end of a process."""


class Mortal:
    """Any object: the n-th call, counted over all of them, takes effect, and then the process ends."""

    left = 0
    calls = 0

    def __init__(self, inner: Any) -> None:  # noqa: ANN401 - of any kind
        self._inner = inner

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of any kind
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        async def awaited(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - passed through
            result = await found(*arguments, **named)
            self._live_on()
            return result

        def called(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - passed through
            result = found(*arguments, **named)
            self._live_on()
            return result

        return awaited if asyncio.iscoroutinefunction(found) else called

    def _live_on(self) -> None:
        Mortal.calls += 1
        if Mortal.calls == Mortal.left:
            raise Killed


def mortal_pass(place: Place, dies_after: int) -> bool:
    """Make a pass that dies after so many calls; say whether it came to that."""
    Mortal.calls, Mortal.left = 0, dies_after

    async def main() -> None:
        async with place.reader(Mortal) as reader:  # type: ignore[arg-type]  # as good as a connection
            office = reader._office
            reader._office = replace(office, door=Mortal(office.door), register=Mortal(office.register))  # type: ignore[arg-type]
            await reader.read(lambda: False)

    try:
        asyncio.run(main())
    except Killed:
        return True
    return False


@pytest.mark.parametrize("moves", [False, True])
def test_killed_between_any_two_steps(place: Place, moves: bool) -> None:  # noqa: FBT001 - a parameter
    """A reader dies after each single call that it makes, in turn: nothing is lost, nothing is doubled."""
    place.set(patience_s=30 * 24 * 3600.0)  # this is no mail's fault
    if moves:
        in_folders(place)
    stride = {"dovecot": 1, "pymap": 9}[place.server.name]  # pymap takes its time for each login
    names, step = [], 1
    with place.server.client() as client:
        while True:
            names.append(f"mail-{step}")
            client.append(place.folder, letter(names[-1]))
            client.append(place.folder, letter(f"robot-{step}", Auto_Submitted="auto-replied"))
            if not mortal_pass(place, step):
                break
            step += stride
    assert step > 20, "there were many steps to die at"
    assert subjects(place.door) == names
    assert place.door.letters == {}
    if moves:
        assert sorted(place.server.subjects(f"{place.folder}-done")) == sorted(names)
        assert place.server.subjects(place.folder) == []
    else:
        assert all(b"\\Seen" in flags for flags in place.server.flags(place.folder).values())


def test_new_numbers_double_nothing(place: Place) -> None:
    """After a change of UIDVALIDITY all is read again and known, even when the door has forgotten it."""
    place.put(*map(letter, NAMES))
    place.pass_once()
    place.server.renumber(place.folder)
    place.put(letter("four"))
    place.door.seen.clear()  # what the door remembers of keys has run out meanwhile
    with structlog.testing.capture_logs() as logs:
        assert place.pass_once() == 4
    assert "mailbox_renumbered" in {line["event"] for line in logs}
    assert subjects(place.door) == [*NAMES, "four"]
    assert place.door.counters.count(("support", "mail:duplicate")) == 3
    assert place.pass_once() == 0


def test_a_mail_that_comes_late_below_the_mark_is_found(place: Place) -> None:
    """Servers that show mails out of order cost nothing: what is unmarked below the mark is read as well."""
    place.put(letter("one"), letter("two"))

    async def main() -> None:
        hold = await place.store.take_mailbox("mail", token="x", lease=timedelta(seconds=1), now=T0)
        assert hold is not None
        with place.server.client() as client:
            validity = client.select_folder(place.folder)[b"UIDVALIDITY"]
            last = max(client.search("ALL"))
        await place.store.renumber_mailbox(hold, validity)
        await place.store.advance_mailbox(
            hold, last, None, lease=timedelta(seconds=1), memory=timedelta(days=1), now=T0
        )

    asyncio.run(main())
    assert place.pass_once() == 2
    assert subjects(place.door) == ["one", "two"]
    assert place.pass_once() == 0


def test_unread_again_is_only_marked_again(place: Place) -> None:
    """Whoever marks a mail as unread causes no second interaction, and no endless reading."""
    place.put(letter("one"))
    place.pass_once()
    with place.server.client() as client:
        client.select_folder(place.folder)
        client.remove_flags(client.search("ALL"), ["\\Seen"])
    assert place.pass_once() == 1
    assert place.pass_once() == 0
    assert subjects(place.door) == ["one"]


def test_a_mail_that_is_too_large_is_set_aside(place: Place) -> None:
    """Its body is not fetched: the headers become a dead letter that says so, and the mail is marked."""
    place.set(max_message_bytes=2000)
    large = letter("large", "x" * 70 + "\r\n" * 2000, Return_Path="<bounce@example.org>")
    place.put(large, letter("small"))
    assert place.pass_once() == 2
    assert subjects(place.door) == ["small"]
    (kept,) = place.door.letters.values()
    assert kept.body == large.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert "2000 are allowed (mailbox.max_message_bytes); these are its headers" in kept.reason
    assert kept.headers == (("Return-Path", "bounce@example.org"), ("Delivered-To", "support@example.com"))
    assert place.pass_once() == 0


def test_a_poison_mail_blocks_nobody(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail at which readers die is set aside whole after some tries and some time; the next is read."""
    place.put(letter("poison"), letter("good"))
    submit = place.door.submit

    async def dies(commands: Any) -> Any:  # noqa: ANN401 - passed through
        if commands[0].user_data["Subject"] == "poison":
            raise Killed
        return await submit(commands)

    monkeypatch.setattr(place.door, "submit", dies)
    for _ in range(3):
        with pytest.raises(Killed):
            place.pass_once()
    assert place.pass_once() == 2
    assert subjects(place.door) == ["good"]
    (kept,) = place.door.letters.values()
    assert kept.body == letter("poison")
    assert kept.reason.startswith("it was begun 4 times since 2026-11-23 13:00 UTC and never finished")


def test_a_hasty_series_of_failures_is_no_poison(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries alone are not enough: within the time of patience the mail is tried on."""
    place.put(letter("one"))
    place.set(patience_s=24 * 3600.0)
    place.door.fault = StoreUnavailable("away")
    for _ in range(6):
        with pytest.raises(ComeAgain):
            place.pass_once()
    place.door.fault = None
    monkeypatch.undo()
    place.pass_once()
    assert subjects(place.door) == ["one"]
    assert place.door.letters == {}


def test_whoever_lost_the_mailbox_stops(place: Place) -> None:
    """A reader that was overtaken moves no mark, and its mail is not doubled by the new one."""
    place.put(letter("one"), letter("two"))

    async def main() -> None:
        async with place.reader() as slow, place.reader() as fast:
            with pytest.raises(HoldLost):
                await slow.read(lambda: False)
            assert (await place.store.mailbox_progress("mail")).mark == 0
            assert await fast.read(lambda: False) == 2

    asyncio.run(main())
    assert subjects(place.door) == ["one", "two"]


def test_a_pass_ends_after_a_whole_mail(place: Place) -> None:
    """Asked to stop, a reader finishes the mail it is at; the rest waits for the next one."""
    place.put(*map(letter, NAMES))
    asked = []

    def after_one() -> bool:
        asked.append(True)
        return len(asked) > 1

    async def main() -> int:
        async with place.reader() as reader:
            return await reader.read(after_one)

    assert asyncio.run(main()) == 1
    assert subjects(place.door) == ["one"]
    assert place.pass_once() == 2
    assert subjects(place.door) == list(NAMES)


def test_old_mail_is_left_alone_where_that_is_set(place: Place) -> None:
    """What reached the server before the day is neither read nor marked."""
    with place.server.client() as client:
        client.append(place.folder, letter("old"), msg_time=T0 - timedelta(days=400))
        client.append(place.folder, letter("new"), msg_time=T0)
    place.set(since=date(2026, 1, 1))
    assert place.pass_once() == 1
    assert place.pass_once() == 0
    assert subjects(place.door) == ["new"]
    assert [b"\\Seen" in flags for flags in place.server.flags(place.folder).values()] == [False, True]


def test_a_folder_that_refuses_mail_blocks_nobody(place: Place) -> None:
    """What cannot be moved stays to be moved, and mail is read meanwhile."""
    place.set(done_folder=f"{place.folder}-done")
    place.put(letter("one"))

    async def main() -> None:
        async with place.reader() as reader:
            with place.server.client() as client:
                client.delete_folder(f"{place.folder}-done")
            with structlog.testing.capture_logs() as logs:
                assert await reader.read(lambda: False) == 1
            assert [line["mails"] for line in logs if line["event"] == "mails_not_filed"] == [1]
            progress = await place.store.mailbox_progress("mail")
            assert list(progress.unfiled.values()) == [Filing.DONE]

    asyncio.run(main())
    place.put(letter("two"))
    place.pass_once()
    assert subjects(place.door) == ["one", "two"]
    assert place.server.subjects(f"{place.folder}-done") == ["one", "two"]


def test_a_server_without_the_wanted_mark_is_read_all_the_same(place: Place) -> None:
    """Where a keyword cannot be kept, nothing is marked, and nothing is read twice."""
    place.set(mark="Bridge")
    place.put(letter("one"))
    assert place.pass_once() == 1
    assert place.pass_once() == 0
    marks = {"dovecot": {b"Bridge"}, "pymap": set()}
    assert list(place.server.flags(place.folder).values()) == [marks[place.server.name]]


def test_the_envelope_is_what_the_mailbox_knows(place: Place) -> None:
    """The recipient is the mailbox's own; the sender is the Return-Path, and nobody's where there is none."""
    place.put(letter("bounce", Return_Path="<>"), letter("plain"))
    seen = []
    verify = type(place.mailbox.connector).verify

    def note(connector: Any, delivery: Any) -> Any:  # noqa: ANN401 - passed through
        seen.append(delivery.envelope)
        return verify(connector, delivery)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(place.mailbox.connector), "verify", note)
        place.pass_once()
    assert [each.mail_from for each in seen] == ["", None]
    assert {each.rcpt_tos for each in seen} == {("support@example.com",)}


def put_over(place: Place, mails: int, span: timedelta) -> None:
    """Let so many mails of one sender reach the mailbox, spread over a time that ended long ago."""
    begin = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
    with place.server.client() as client:
        for number in range(mails):
            mail = letter(f"busy-{number}", From="busy@example.org")
            client.append(place.folder, mail, msg_time=begin + span * (number / mails))


def test_a_busy_sender_outlives_an_outage(place: Place) -> None:
    """Five hundred mails of three days that are read at once are none too many: each is let in."""
    mails = {"dovecot": 500, "pymap": 50}[place.server.name]  # pymap takes its time for each
    put_over(place, mails, timedelta(days=3) * mails / 500)
    assert place.pass_once() == mails
    assert len(place.door.commands) == mails
    assert place.door.letters == {}
    assert {each.received_at for each in place.door.commands} == {place.now}, (
        "late mail is no older than it is"
    )


def test_a_fast_sender_is_too_fast_whenever_it_is_read(place: Place) -> None:
    """Forty mails that reached the mailbox within five minutes are ten too many."""
    put_over(place, 40, timedelta(minutes=5))
    assert place.pass_once() == 40
    assert len(place.door.commands) == 30
    assert {
        "loop: over 30 mails of one sender within 10 minutes" in each.reason
        for each in place.door.letters.values()
    } == {True}
    assert len(place.door.letters) == 10


def test_a_mailbox_that_tells_no_time_counts_by_ours(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be read of a time stops no mail."""
    put_over(place, 31, timedelta(days=3))
    listed = Connection.listed

    def timeless(self: Connection, uids: Sequence[int]) -> dict[int, Arrival]:
        return {uid: replace(each, at=None) for uid, each in listed(self, uids).items()}

    monkeypatch.setattr(Connection, "listed", timeless)
    assert place.pass_once() == 31
    assert (len(place.door.commands), len(place.door.letters)) == (30, 1)
