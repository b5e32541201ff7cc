"""What is new in a text."""

import time

import pytest
import quotequail
from hypothesis import given
from hypothesis import strategies as st

from connectors.email.reply import _new_part, new_text

OLD = "> The old\n> text\n"


@pytest.mark.parametrize(
    "introduction",
    [
        "On Mon, Nov 23, 2026 at 9:00 AM Ada <a@example.org> wrote:",
        "On Mon, Nov 23, 2026 at 9:00 AM Ada of a Very Long Name\n<a@example.org> wrote:",
        "Am 23.11.26 um 10:00 schrieb Ada:",
        "Le lun. 23 nov. 2026 à 10:00, Ada <a@example.org> a écrit :",
        "El lun, 23 nov 2026, Ada escribió:",
        "W dniu 23.11.2026 o 10:00, Ada pisze:",
        "23.11.2026 10:00, Ada пишет:",
        "ma 23. marrask. 2026 klo 10.00 Ada (a@example.org) kirjoitti:",
        "2026年11月23日(月) 10:00 Ada <a@example.org>:",
        "Ada 在 2026/11/23 10:00 写道\uff1a",
    ],
)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_the_quote_is_cut_in_any_language(introduction: str, gap: str) -> None:
    """A quote at the end goes, together with the line or two that introduce it."""
    assert new_text(f"Yes,\nplease.\n\n{introduction}{gap}{OLD}") == "Yes,\nplease."


@pytest.mark.parametrize(
    "quote",
    [
        "-----Original Message-----\nFrom: Ada\nSent: Monday\nTo: b\nSubject: s\n\nold",
        "________________________________\nFrom: Ada\nSent: Monday\nTo: b\nSubject: s\n\nold",
        "Von: Ada <a@example.org>\nGesendet: Montag\nAn: b\nBetreff: s\n\nold",
        "---------- Forwarded message ---------\nFrom: Ada\nDate: Mon\nSubject: s\nTo: b\n\nold",
    ],
)
def test_headers_introduce_a_quote(quote: str) -> None:
    """As Outlook and the buttons for passing on write it."""
    assert new_text(f"New.\n\n{quote}") == "New."


@pytest.mark.parametrize(
    "text",
    [
        "just text",
        "",
        "> all of it\n> is quoted",
        "> question?\nanswer\n> question?\nanswer",
        "> old\n\nan answer beneath it",
        "New contact:\n\nName: Ada\nEmail: a@example.org\nPhone: 12\nMessage: hello",
        "A list:\n- one\n- two\nThanks",
        "I wrote: see below",
        "-- \nonly a signature",
    ],
)
def test_what_may_be_new_stays(text: str) -> None:
    """Answers in between, forms, lists; and everything where nothing is new."""
    assert new_text(text) == text


def test_the_signature_is_cut() -> None:
    """At the line that RFC 3676 gives it, with its space or without."""
    assert new_text("Hello\n\n-- \nAda\nExample Ltd") == "Hello"
    assert new_text("Hello\n--\nAda") == "Hello"
    assert new_text("Hello -- Ada\n---\nmore") == "Hello -- Ada\n---\nmore"


def test_long_lines_are_kept_whole() -> None:
    """Only the search looks at the beginning of a line; what is kept is kept whole."""
    long = "word " * 100
    assert new_text(f"{long}\n\nAm 1.1. schrieb Ada:\n{OLD}") == long.strip()


@pytest.mark.parametrize(
    "line",
    [
        "2020/1/1 " + " <@" * 50,
        "Am " + " schrieb " * 40,
        "On " + "a " * 5000,
        "Op " + " heeft het volgende" * 50,
        "> " * 5000,
        "From: " * 100,
        ":",
    ],
)
def test_no_text_takes_long(line: str) -> None:
    """Texts made to be slow are read in a few seconds at most."""
    begun = time.process_time()
    new_text("\n".join([line] * 2000))
    assert time.process_time() - begun < 8


LINES = st.sampled_from(
    [
        "",
        "> ",
        "Yes, please:",
        "On Monday,",
        "On Monday, Ada wrote:",
        "> On Sunday, Bea wrote:",
        "Ada <ada@example.org>",
        "2026/11/23 Ada <ada@example.org>",
        "wrote:",
        "Begin forwarded message:",
        "---- Original message ----",
        "----",
        "_" * 32,
        "> quoted",
        "words",
    ]
)


@given(lines=st.lists(LINES, max_size=12))
def test_only_what_cannot_introduce_a_quote_is_passed_over(lines: list[str]) -> None:
    """What is new ends where the library would end it, if it were shown every line."""
    text = "\n".join(["First of all, hello.", *lines])
    found = quotequail.quote(text, limit=len(lines) + 2, quote_intro_line=True)
    before = found[0][1]
    assert new_text(text) == new_text(before) or len(found) == 1


@given(
    st.text(st.sampled_from(" \nab.\uff1a:>-_"), max_size=30),
    st.text(st.sampled_from(" \nab.\uff1a"), max_size=30),
)
def test_a_text_without_signs_of_a_quote_is_new(some: str, none: str) -> None:
    """What is passed over because it has no sign of a quote is what line by line would leave."""
    for text in (some, none, f"{none}\nfrom\n{some}"):
        assert new_text(text) == _new_part(text)
