"""The headers that say how a command is to be taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hosts.commands.fields import idempotency_key, wished_wait
from connectors.hosts.commands.problems import NO_KEY, Problem


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (r'"a \"quoted\" one"', 'a "quoted" one'),
        ('"k"; note=1', "k"),
        (' "k" ', "k"),
        ('"' + "k" * 255 + '"', "k" * 255),
    ],
)
def test_a_key_is_a_string_in_quotes(value: str, key: str) -> None:
    """As a structured field (RFC 9651): escapes are read, parameters are left aside."""
    assert idempotency_key([value]) == key


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ['""'],
        ["bare-token"],
        ["8e03978e"],
        ["1"],
        ['"open'],
        ['"\u00fc"'],
        ['"a\nb"'],
        [":YWJj:"],
        ["?1"],
        ['"a"', '"b"'],
        ['("a")'],
        ['"' + "k" * 256 + '"'],
    ],
)
def test_anything_else_is_no_key(values: list[str]) -> None:
    """Missing, unquoted, empty, too long, twice: refused with what to write instead."""
    with pytest.raises(Problem, match="Idempotency-Key") as refused:
        idempotency_key(values)
    assert refused.value.kind is NO_KEY


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=30), max_size=3))
def test_no_header_breaks_it(values: list[str]) -> None:
    """Whatever a header can hold gives a key or the one problem."""
    try:
        key, refused = idempotency_key(values), None
    except Problem as problem:
        key, refused = "k", problem.kind
    assert refused in {None, NO_KEY}
    assert 1 <= len(key) <= 255
    assert 0 <= wished_wait(values, longest_s=10) <= 10


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        (["wait=5"], 5),
        (["respond-async, wait=5"], 5),
        (["respond-async", "WAIT = 5"], 5),
        (['wait="5"'], 5),
        (["wait=5; soft"], 5),
        (["wait=2, wait=7"], 2),
        (["wait=99"], 10),
        (["wait=" + "9" * 400], 10),
        (["wait=0"], 0),
        (["wait"], 0),
        (["wait=-1"], 0),
        (["wait=1.5"], 0),
        (["wait=\u00b2"], 0),
        (["waiting=5"], 0),
        ([], 0),
    ],
)
def test_a_wait_is_a_wish(values: list[str], seconds: int) -> None:
    """RFC 7240: the first one counts, it is capped, and what cannot be understood is no wish."""
    assert wished_wait(values, longest_s=10) == seconds
