"""Names that lead to conversations."""

import base64

import pytest

from connectors.email.options import EmailOptions
from connectors.email.threads import NEWEST, OLDEST, ids, index_root, nearest, plain_subject, tokens


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


def test_the_nearest_come_first() -> None:
    """What a mail answers, then its thread from the newest to the oldest, each once."""
    assert nearest(("c",), ("a", "b", "c")) == ("c", "b", "a")
    assert nearest((), ()) == ()
    assert nearest(("p",), ()) == ("p",)


def test_of_a_long_thread_both_ends_are_looked_at() -> None:
    """The newest lead to where the thread went, the oldest to where it began."""
    references = [str(number) for number in range(100)]
    found = nearest((), references)
    assert len(found) == NEWEST + OLDEST
    assert (found[0], found[-1]) == ("99", "0")


@pytest.mark.parametrize(
    ("data", "has_root"), [(b"r" * 22, True), (b"r" * 22 + b"answ1", True), (b"r" * 21, False), (b"", False)]
)
def test_outlooks_index_has_a_root(data: bytes, *, has_root: bool) -> None:
    """Its first 22 bytes are those of the whole conversation."""
    assert index_root(base64.b64encode(data).decode()) == ((b"r" * 22).hex() if has_root else "")


@pytest.mark.parametrize("header", ["not base64!", "\u00fc", "====", "AAAA\0"])
def test_an_index_without_sense_is_none(header: str) -> None:
    """Nothing here raises."""
    assert index_root(header) == ""


@pytest.mark.parametrize(
    "subject",
    ["Order", "Re: Order", "RE: AW: [list] Fwd:  order", "Re[2]: Order", "Antw\uff1a ORDER", " order "],
)
def test_subjects_without_their_prefixes(subject: str) -> None:
    """What programs put in front of a subject in some languages is left out."""
    assert plain_subject(subject) == "order"


def test_tokens_that_we_planted() -> None:
    """Behind the plus of a recipient of ours, and in the subject; in neither unless the channel says so."""
    thread = {"plus_token": True, "subject_token": r"\[#(\w+)\]"}
    options = EmailOptions.model_validate({"addresses": ["support@example.com"], "thread": thread})
    recipients = ("Support+Ab1@Example.com", "else+x@example.org", "support+@example.com")
    assert list(tokens(options, "Re: [#C3] and [#D4]", recipients)) == ["token:ab1", "token:c3"]
    assert list(tokens(options, "nothing", ())) == []
    silent = EmailOptions.model_validate({"addresses": ["support@example.com"]})
    assert list(tokens(silent, "Re: [#C3]", recipients)) == []
