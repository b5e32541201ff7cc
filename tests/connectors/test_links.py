"""A link leads to one message, was made by us, and says the same for the same message."""

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from connectors.links import Links
from worker.blob import BlobName

MAIL = b"Subject: Hello\r\n\r\n"
LINKS = Links("https://bridge.example.com", lambda: ("new-key", "old-key"))


def parts(link: str) -> tuple[str, str]:
    """Return the channel and the token of a link."""
    found = re.fullmatch(r"https://bridge\.example\.com/mail/([^/]+)/([A-Za-z0-9_.-]+)", link)
    assert found
    return found[1], found[2]


def test_a_link_leads_to_its_message() -> None:
    """And is the same however often it is made."""
    link = LINKS.to("mail", MAIL)
    assert link == LINKS.to("mail", MAIL)
    assert LINKS.read(*parts(link)) == BlobName.of("mail", MAIL)
    assert len(link) < 140


def test_a_link_of_another_key_is_none_of_ours() -> None:
    """But one of a key that is being rotated out is."""
    for key, known in (("old-key", True), ("stranger", False)):
        link = Links("https://bridge.example.com", lambda key=key: (key,)).to("mail", MAIL)  # type: ignore[misc]
        assert (LINKS.read(*parts(link)) is not None) is known


def test_a_link_is_for_one_channel() -> None:
    """The same token elsewhere is no link."""
    _, token = parts(LINKS.to("mail", MAIL))
    assert LINKS.read("other", token) is None
    assert LINKS.read("../mail", token) is None


def test_one_changed_character_makes_it_a_strangers() -> None:
    """At any place."""
    channel, token = parts(LINKS.to("mail", MAIL))
    for at, each in enumerate(token):
        other = token[:at] + ("B" if each != "B" else "C") + token[at + 1 :]
        assert LINKS.read(channel, other) is None, at


def test_a_link_has_one_writing() -> None:
    """The last character of each half has bits to spare; only one setting of them is the link."""
    channel, token = parts(LINKS.to("mail", MAIL))
    letters = string.ascii_letters + string.digits + "-_"
    for end in (token.index(".") - 1, len(token) - 1):
        written = [token[:end] + letter + token[end + 1 :] for letter in letters]
        assert [each for each in written if LINKS.read(channel, each)] == [token]


@given(st.text(max_size=80))
def test_whatever_is_made_up_leads_nowhere(token: str) -> None:
    """And breaks nothing."""
    assert LINKS.read("mail", token) is None


def test_keys_do_not_show() -> None:
    """A link maker can be printed."""
    assert "key" not in repr(LINKS)
