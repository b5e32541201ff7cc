"""Threads of mails."""

import pytest

from connectors.email.threads import Thread, ids, thread


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("<a@x>", ("a@x",)),
        ("<a@x> <b@x>", ("a@x", "b@x")),
        ("<a@x><b@x>", ("a@x", "b@x")),
        ("<a long\t@x>", ("along@x",)),
        ("Your mail of Monday <a@x>", ("a@x",)),
        ("a@x b@x", ("a@x", "b@x")),
        ("<a@x", ("a@x",)),
        ("<>", ()),
        ("", ()),
    ],
)
def test_ids_are_found(header: str, found: tuple[str, ...]) -> None:
    """Ids stand in brackets, with or without space between them; without brackets words are taken."""
    assert ids(header) == found


@pytest.mark.parametrize(
    ("in_reply_to", "references", "result"),
    [
        ("", "", Thread("own", is_reply=False)),
        ("<p>", "", Thread("p", is_reply=True)),
        ("<p>", "<root> <p>", Thread("root", is_reply=True)),
        ("<p>", "<>", Thread("p", is_reply=True)),
        ("", "<root>", Thread("root", is_reply=True)),
    ],
)
def test_the_root_is_the_oldest_known(in_reply_to: str, references: str, result: Thread) -> None:
    """References name the thread from its beginning; In-Reply-To is second best; else a mail begins one."""
    assert thread(own="own", in_reply_to=in_reply_to, references=references) == result
