"""The mail connector; what it shares with every connector is proved by the conformance suite."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Envelope, Ignored, Refused, SetAside, Threaded, Verified
from connectors.email.connector import EmailConnector, build_email
from connectors.placing import place
from connectors.prover import Prover
from connectors.signatures.unsigned import Unsigned
from worker.commands import Command, Create, OnConflict, OnEnded, OnMissing, Update
from worker.settings import ChannelSettings

if TYPE_CHECKING:
    from tests.connectors.conftest import RecordingDoor, Settled

FIRST = b"Message-ID: <m1@x>\nSubject: one\nDate: Thu, 01 Jan 1970 00:00:00 +0000\n\ntext"
REPLY = b"Message-ID: <m2@x>\nReferences: <m1@x>\nSubject: two\n\ntext"
SUPPORT, SALES = "support@example.com", "sales@example.com"

#: The channel and the maker of doors are the same for every example.
tried = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

MakeDoor = Callable[[], "RecordingDoor"]


def channel(**options: Any) -> EmailConnector:  # noqa: ANN401 - options of any kind
    """Return a mail channel with these options."""
    written = ChannelSettings(
        connector="email", service="support", options={"addresses": [SUPPORT, SALES], **options}
    )
    return build_email("mail", written, Prover(Unsigned(), list, {}))


def asked(
    connector: EmailConnector,
    settled: "Settled",
    body: bytes,
    recipients: Sequence[str] = (SUPPORT,),
    *,
    again: bool = False,
) -> Threaded | Ignored:
    """Return what a mail means."""
    envelope = Envelope("a@example.org", tuple(recipients))
    delivery = replace(settled.delivery(body), envelope=envelope)
    return connector.translate(replace(connector.verify(delivery), again=again))


def threaded(*parts: Any) -> Threaded:  # noqa: ANN401 - as `asked`
    """Return what a mail means that is let in."""
    found = asked(*parts)
    assert isinstance(found, Threaded)
    return found


def commands(
    connector: EmailConnector, settled: "Settled", bodies: Sequence[bytes], door: "RecordingDoor"
) -> list[Command]:
    """Return the commands of mails that arrive one after the other."""

    async def main() -> list[Command]:
        found: list[Command] = []
        for body in bodies:
            placed = await place(connector, threaded(connector, settled, body), door)
            assert not isinstance(placed, Ignored)
            found += placed
        return found

    return asyncio.run(main())


def conversations(
    connector: EmailConnector, settled: "Settled", bodies: Sequence[bytes], door: "RecordingDoor"
) -> list[str]:
    """Return where mails go that arrive one after the other."""
    return [each.external_id for each in commands(connector, settled, bodies, door)]


def test_a_mail_creates_and_its_reply_updates(mailbox: "Settled", door: "RecordingDoor") -> None:
    """A mail opens the conversation, a reply changes it, and would open it if the first one were lost."""
    first, reply = commands(channel(), mailbox, (FIRST, REPLY), door)
    assert isinstance(first, Create)
    assert isinstance(reply, Update)
    assert first.external_id == reply.external_id
    assert first.on_conflict is OnConflict.UPDATE
    assert (reply.on_missing, reply.on_ended) == (OnMissing.CREATE, OnEnded.FOLLOW_UP)
    assert (first.user_data["Subject"], reply.changed["Subject"]) == ("one", "two")


def test_a_reply_before_its_parent_creates(mailbox: "Settled", door: "RecordingDoor") -> None:
    """Whichever comes first creates, and comes to the same commands when it comes again."""
    reply, first, again = commands(channel(), mailbox, (REPLY, FIRST, REPLY), door)
    assert isinstance(reply, Create)
    assert isinstance(first, Update)
    assert first.external_id == reply.external_id
    assert again == reply


def test_the_date_is_not_believed(mailbox: "Settled", door: "RecordingDoor") -> None:
    """A mail was received when it arrived, whatever its Date says."""
    (first,) = commands(channel(), mailbox, (FIRST,), door)
    assert first.received_at == mailbox.delivery(b"").arrived_at


@pytest.mark.parametrize(
    ("recipients", "known"),
    [
        (("support@example.com",), True),
        (("other@example.com", "Any@Help.Example.com"), True),
        (("other@example.com",), False),
        ((), False),
    ],
)
def test_one_recipient_must_be_ours(mailbox: "Settled", recipients: tuple[str, ...], *, known: bool) -> None:
    """A mail is the channel's if any of its recipients is."""
    delivery = replace(mailbox.delivery(FIRST), envelope=Envelope("a@example.org", recipients))
    if known:
        assert mailbox.connector.verify(delivery).method == "recipient"
    else:
        with pytest.raises(Refused):
            mailbox.connector.verify(delivery)


def test_it_says_what_it_takes(mailbox: "Settled") -> None:
    """A host can ask for each recipient."""
    assert isinstance(mailbox.connector, EmailConnector)
    assert mailbox.connector.takes("support@example.com")
    assert not mailbox.connector.takes("sales@example.com")


def mail(number: int, head: str = "", text: str = "") -> bytes:
    """Return the n-th mail."""
    date = f"Mon, 23 Nov 2026 08:{number:02}:00 +0000"
    return (
        f"Message-ID: <m{number}@x>\nFrom: a@example.org\nDate: {date}\n{head}\n{text or f'text {number}'}"
    ).encode()


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Draw a thread, as the parent of each mail but the first, and an order of arrival."""
    size = draw(st.integers(2, 12))
    parents = [draw(st.integers(0, number - 1)) for number in range(1, size)]
    return parents, draw(st.permutations(range(size)))


@tried
@given(tree=trees())
def test_any_order_of_a_thread_is_one_conversation(
    mailbox: "Settled", make_door: MakeDoor, tree: tuple[list[int], list[int]]
) -> None:
    """With References as RFC 5322 wants them: all name the mail that began the thread."""
    parents, order = tree
    ways: list[list[int]] = [[]]
    for parent in parents:
        ways.append([*ways[parent], parent])
    heads = [f"References: {' '.join(f'<m{each}@x>' for each in way)}\n" if way else "" for way in ways]
    bodies = [mail(number, heads[number]) for number in order]
    assert len(set(conversations(channel(), mailbox, bodies, make_door()))) == 1


@tried
@given(tree=trees())
def test_with_in_reply_to_alone_the_parts_that_hang_together_are_one(
    mailbox: "Settled", make_door: MakeDoor, tree: tuple[list[int], list[int]]
) -> None:
    """A mail joins what it shares a name with; it is split off only if nothing that came before shares one.

    Then nobody could have known, because what links the two had not arrived.
    """
    parents, order = tree
    names = [{number, parents[number - 1]} if number else {0} for number in range(len(parents) + 1)]
    bodies = [mail(each, f"In-Reply-To: <m{parents[each - 1]}@x>\n" if each else "") for each in order]
    found = conversations(channel(), mailbox, bodies, make_door())
    heard: set[int] = set()
    strangers = 0
    for number in order:
        strangers += heard.isdisjoint(names[number])
        heard |= names[number]
    assert len(set(found)) == strangers


def test_ids_that_are_used_twice_split_and_lose_nothing(mailbox: "Settled", door: "RecordingDoor") -> None:
    """Software that gives all its mail one id opens a conversation for each, under keys of their own."""
    same = [mail(number).replace(f"m{number}@x".encode(), b"same@x") for number in range(3)]
    found = commands(channel(), mailbox, (*same, mail(9, "In-Reply-To: <same@x>\n")), door)
    assert len({each.external_id for each in found[:3]}) == 3
    assert len({each.idempotency_key for each in found}) == 4
    assert found[3].external_id == found[0].external_id


def test_a_copy_that_a_list_changed_stays_in_the_conversation(
    mailbox: "Settled", door: "RecordingDoor"
) -> None:
    """It is one more command for it, with a key of its own: over an open interaction a create is a change."""
    copy = mail(1, "Subject: [list] s\n", "text 1\n--\nThe list")
    first, second = commands(channel(), mailbox, (mail(1, "Subject: s\n"), copy), door)
    assert first.external_id == second.external_id
    assert first.idempotency_key != second.idempotency_key
    assert isinstance(second, Create)
    assert second.on_conflict is OnConflict.UPDATE


def test_each_recipient_counts_where_that_is_wanted(mailbox: "Settled") -> None:
    """A mail to two of the addresses is one, or one for each; a recipient of others is none."""
    both = (SALES, "Support@Example.com", "stranger@example.org")
    once = threaded(channel(), mailbox, FIRST, both)
    assert len(once.foreseen) == 1
    each = threaded(channel(once_per="recipient"), mailbox, FIRST, both).foreseen
    assert len({command.external_id for command in each}) == len({each.idempotency_key for each in each}) == 2
    alone = threaded(channel(once_per="recipient"), mailbox, FIRST, (SUPPORT,)).foreseen
    assert alone[0] in each


@pytest.mark.parametrize(
    ("thread", "first", "second"),
    [
        ({"thread_index": True}, "Thread-Index: {a}\n", "Thread-Index: {b}\n"),
        ({"subject_token": r"\[#(\w+)\]"}, "Subject: [#T1] x\n", "Subject: Re: y [#t1]\n"),
        ({"plus_token": True}, "To: support+t1@example.com\n", "To: Support+T1@example.com\n"),
        ({"subject": True}, "Subject: Parcel\n", "Subject: Re: parcel\n"),
    ],
)
def test_other_names_lead_to_a_conversation_if_wanted(
    mailbox: "Settled", make_door: MakeDoor, thread: dict[str, Any], first: str, second: str
) -> None:
    """Outlook's index, tokens and subjects join mails that name no ids, and do not by default."""
    index = {"a": "cnJycnJycnJycnJycnJycnJycnJycg==", "b": "cnJycnJycnJycnJycnJycnJycnJycmFuc3cx"}
    bodies = (mail(1, first.format(**index)), mail(2, second.format(**index)))
    assert len(set(conversations(channel(thread=thread), mailbox, bodies, make_door()))) == 1
    assert len(set(conversations(channel(), mailbox, bodies, make_door()))) == 2


def test_a_bounce_joins_the_thread_of_what_it_returns(mailbox: "Settled", door: "RecordingDoor") -> None:
    """By the id of the mail that came back, or by what that mail answered."""
    returned = "Content-Type: message/rfc822\n\nMessage-ID: <sent@ours>\nIn-Reply-To: <m1@x>\n\nanswer"
    status = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nAction: failed\n"
    bounce = mail(
        2,
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n",
        f"--b\n\nwords\n--b\n{status}\n--b\n{returned}\n--b--\n",
    )
    first, second = commands(channel(), mailbox, (mail(1), bounce), door)
    assert first.external_id == second.external_id
    assert isinstance(second, Update)
    assert second.changed["MailClass"] == "bounce"


OUT_OF_OFFICE = mail(1, "Auto-Submitted: auto-replied\n")


def test_each_policy_does_what_it_says(mailbox: "Settled") -> None:
    """Let in, let in with a tag, let go with a note, set aside."""
    shown = {
        policy: threaded(channel(machines={"auto_reply": policy}), mailbox, OUT_OF_OFFICE).foreseen[0]
        for policy in ("deliver", "tag")
    }
    classes = {policy: getattr(command, "user_data")["MailClass"] for policy, command in shown.items()}  # noqa: B009 - a create
    assert classes == {"deliver": "", "tag": "auto-reply"}
    ignored = asked(channel(), mailbox, OUT_OF_OFFICE)
    assert isinstance(ignored, Ignored)
    assert ignored.noted
    assert (ignored.noted.id, ignored.noted.sort, ignored.noted.domain) == (
        "m1@x",
        "auto-reply",
        "example.org",
    )
    assert ignored.reason == "auto-reply: told by its auto-submitted (RFC 3834, section 5)"
    with pytest.raises(SetAside, match="auto-reply: told by"):
        asked(channel(machines={"auto_reply": "bury"}), mailbox, OUT_OF_OFFICE)


@pytest.mark.parametrize("policy", ["ignore", "bury"])
def test_a_person_who_brings_it_back_wants_it(mailbox: "Settled", policy: str) -> None:
    """What is replayed is let in with its tag, and no flood is seen in it."""
    connector = channel(machines={"auto_reply": policy}, trust={"servers": ["mx"], "failed": "bury"})
    body = b"Authentication-Results: mx; dmarc=fail\n" + OUT_OF_OFFICE
    found = asked(connector, mailbox, body, again=True)
    assert isinstance(found, Threaded)
    assert found.flood is None
    (command,) = found.foreseen
    assert isinstance(command, Create)
    assert (command.user_data["MailClass"], command.user_data["AuthResult"]) == ("auto-reply", "fail")


def test_a_note_has_a_short_id(mailbox: "Settled") -> None:
    """An absurdly long Message-ID is no way to flood the list."""
    found = asked(channel(), mailbox, OUT_OF_OFFICE.replace(b"m1@x", b"m" * 3000))
    assert isinstance(found, Ignored)
    assert found.noted
    assert found.noted.id.startswith("sha256-")


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("X-Loop: <Support@example.com>\n", "X-Loop"),
        ("X-Loop: other@example.org\nX-Loop: x, sales@example.com\n", "X-Loop"),
        ("Message-ID: <1@Ours.example>\n", "one of our own"),
    ],
)
def test_our_own_mail_that_comes_back_is_a_loop(mailbox: "Settled", head: str, reason: str) -> None:
    """Told by who passed it on, or by whose id it bears."""
    connector = channel(loops={"own_domains": ["ours.example"]})
    with pytest.raises(SetAside, match=reason):
        asked(connector, mailbox, head.encode() + b"\ntext")
    assert isinstance(asked(connector, mailbox, b"X-Loop: else@example.org\n\ntext"), Threaded)


def test_a_sender_may_be_too_fast(mailbox: "Settled") -> None:
    """Each sender by itself; not one who is exempt, not nobody, and none where there is no limit."""
    found = threaded(channel(), mailbox, mail(1)).flood
    assert found
    assert (found.sender, found.limit, isinstance(found.beyond, str)) == ("a@example.org", 30, True)
    assert found.at == mailbox.delivery(b"").arrived_at
    ignoring = threaded(channel(loops={"then": "ignore"}), mailbox, mail(1)).flood
    assert ignoring
    assert isinstance(ignoring.beyond, Ignored)
    for loops in ({"exempt": ["*@example.org"]}, {"mails": 0}):
        assert threaded(channel(loops=loops), mailbox, mail(1)).flood is None
    assert threaded(channel(), mailbox, b"\ntext").flood is None


FORGED = b"Authentication-Results: mx; dmarc=fail\n" + mail(1)


def test_what_failed_is_tagged_set_aside_or_refused(mailbox: "Settled") -> None:
    """As the channel says, by the word of the server that it believes."""
    (command,) = threaded(channel(trust={"servers": ["mx"]}), mailbox, FORGED).foreseen
    assert isinstance(command, Create)
    assert command.user_data["AuthResult"] == "fail"
    with pytest.raises(SetAside, match="not who it says"):
        asked(channel(trust={"servers": ["mx"], "failed": "bury"}), mailbox, FORGED)
    refusing = channel(trust={"servers": ["mx"], "failed": "refuse"})
    with pytest.raises(Refused) as refused:
        asked(refusing, mailbox, FORGED)
    assert "server" not in refused.value.told
    assert isinstance(asked(refusing, mailbox, mail(1)), Threaded)
    assert isinstance(asked(channel(trust={"failed": "refuse"}), mailbox, FORGED), Threaded)


def test_headers_that_cannot_be_read_refuse_nobody(
    mailbox: "Settled", monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are for translation to keep."""

    def broken(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr("connectors.email.structure.BytesHeaderParser.parsebytes", broken)
    connector = channel(trust={"servers": ["mx"], "failed": "refuse"})
    delivery = replace(mailbox.delivery(FORGED), envelope=Envelope("", (SUPPORT,)))
    assert isinstance(connector.verify(delivery), Verified)


def test_names_are_few(mailbox: "Settled") -> None:
    """However many ids a mail names, so many keys are touched; its own is the first."""
    references = " ".join(f"<r{number}@x>" for number in range(400))
    (strand,) = threaded(
        channel(), mailbox, mail(1, f"References: {references}\nIn-Reply-To: <m1@x>\n")
    ).strands
    assert len(strand.names) == len(set(strand.names)) <= 24
    assert strand.names[0].endswith("id:m1@x")
