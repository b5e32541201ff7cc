"""HTML of mails as text, with and without what it quotes."""

import time

import pytest

from connectors.email.html import BEGINNINGS, QUOTES, readings


def both(html: str) -> tuple[str, str]:
    """Return the two readings on one line each."""
    whole, new = readings(html)
    return " ".join(whole.split()), " ".join(new.split())


@pytest.mark.parametrize(
    "quote",
    [
        '<blockquote type="cite">old</blockquote>',
        '<div class="gmail_quote">old</div>',
        '<div class="x gmail_quote_container y">old</div>',
        '<div class="moz-cite-prefix">old</div>',
        '<div class="yahoo_quoted">old</div>',
        '<div class="protonmail_quote">old</div>',
        '<div class="gmail_signature">old</div>',
        '<div id="mail-editor-reference-message-container">old</div>',
        '<div id="divRplyFwdMsg">From</div><div>old</div>',
        '<div id="appendonsend"></div><hr><div>old</div>',
    ],
)
def test_quotes_are_left_out(quote: str) -> None:
    """Whatever program marked the quote, the new reading has only what is new."""
    whole, new = both(f"<body><p>new</p>{quote}</body>")
    assert (whole[-3:], new) == ("old", "new")


def test_every_mark_is_tried() -> None:
    """No row of the tables is there without a test."""
    assert len(QUOTES) + len(BEGINNINGS) == 10


def test_a_plain_quotation_stays() -> None:
    """A customer may quote somebody: only what a mail program marked is a quote of the thread."""
    assert both("<p>He said:</p><blockquote>so</blockquote>") == ("He said: so", "He said: so")


def test_answers_between_quotes_stay() -> None:
    """Of an answer in between, the answers are new."""
    cite = '<blockquote type="cite">old</blockquote>'
    assert both(f"<p>one</p>{cite}<p>two</p>{cite}") == ("one old two old", "one two")


@pytest.mark.parametrize(
    "html", ["", " ", "\0", "<", "<!-- -->", "<?xml version='1.0' encoding='x'?><p>a</p>"]
)
def test_what_is_no_page_is_harmless(html: str) -> None:
    """No HTML raises; both readings are there."""
    whole, new = readings(html)
    assert isinstance(whole, str)
    assert isinstance(new, str)


@pytest.mark.parametrize(
    "piece", ["<div>", "<table><tr><td>", "<ul><li>", "<blockquote type=cite>", "<b", "&#", "<a href='", "x "]
)
def test_no_page_takes_long(piece: str) -> None:
    """Pages made to be slow are read in a few seconds at most."""
    begun = time.process_time()
    readings(piece * (200_000 // len(piece)))
    assert time.process_time() - begun < 8


def test_what_is_too_deep_is_read_as_it_stands() -> None:
    """Elements inside one another without end are read without their form."""
    assert both("<div>" * 230 + "core") == ("core", "core")
