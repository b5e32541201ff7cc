"""Pages escape what a stranger wrote."""

from datetime import UTC, datetime

from connectors.hosts.mailroom import pages
from connectors.hosts.mailroom.view import Attached, View

EVIL = '<script>alert("1")</script>'
UNTIL = datetime(2026, 12, 24, tzinfo=UTC)


def test_a_strangers_text_is_text() -> None:
    """Subject, headers, text and names alike."""
    shown = View(
        EVIL,
        ((EVIL, EVIL),),
        ((EVIL, EVIL),),
        (EVIL,),
        EVIL,
        None,
        (Attached(1, EVIL, "x/y", 1, inline=False),),
    )
    page = pages.message_page(shown, path="/mail/x/y", until=UNTIL).body
    assert b"<script" not in page
    assert page.count(b"&lt;script&gt;") == 9


def test_sizes_are_said_as_people_do() -> None:
    """In bytes, KiB and MiB."""
    assert [pages._size(count) for count in (7, 2048, 3 * 1024 * 1024 + 500_000)] == [
        "7 bytes",
        "2 KiB",
        "3.5 MiB",
    ]


def test_a_message_without_anything_says_so() -> None:
    """An empty page would look like a fault."""
    page = pages.message_page(View("", (), (), (), "", None, ()), path="/", until=UNTIL).body
    assert b"This message has no text." in page
    assert b"(no subject)" in page
