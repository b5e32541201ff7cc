"""Kept mails hang together as their conversations do."""

from datetime import UTC, datetime

from bridge.kept_mails import Conversation, KeptMail, together
from worker.blob import BlobHead, BlobName

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
NOBODY: frozenset[Conversation] = frozenset()


def kept(name: str, *answers: str, mark: str = "1", of: str = "", named: bool = False) -> KeptMail:
    """Return a mail of this id that answers others, and may be of a conversation."""
    head = BlobHead(BlobName.of("mail", f"{name}{mark}".encode()), NOW, 1)
    conversations = frozenset({("support", of)}) if of else NOBODY
    return KeptMail(head, conversations, frozenset({name, *answers}), frozenset({(name, mark)}), named)


def test_one_that_names_the_address_takes_its_thread_along() -> None:
    """What it answers, what answers that, and what answers it; nobody else's mail."""
    mails = [kept("a"), kept("b", "a", named=True), kept("c", "a"), kept("d", "c"), kept("x"), kept("y", "x")]
    assert set(together(mails, NOBODY)) == set(mails[:4])


def test_a_conversation_is_found_by_its_id() -> None:
    """Also where no mail says of another that it answers it."""
    mails = [kept("a", of="c-1"), kept("b", of="c-1"), kept("c", "b"), kept("x", of="c-2")]
    assert set(together(mails, frozenset({("support", "c-1")}))) == set(mails[:3])
    assert together(mails, frozenset({("sales", "c-1")})) == ()


def test_one_id_for_all_mail_ties_nobody() -> None:
    """Some software gives all its mail one id: only the mail that names the address is meant."""
    mails = [kept("same", mark="1", named=True), kept("same", mark="2"), kept("same", mark="3")]
    assert together(mails, NOBODY) == (mails[0],)
