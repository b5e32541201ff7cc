"""Shortcuts are the same way, only shorter."""

from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.webhook.shortcut import is_true, shortcut

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.just(1.0) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)
LEAVES = st.sampled_from(
    [
        "a",
        "a.b",
        "a.b.c",
        "c.c",
        "a[0]",
        "a[-1].b",
        "a.b[1]",
        "'a'",
        "'ab'",
        "`1`",
        "`0`",
        "`true`",
        "`null`",
        "`[]`",
        "`{}`",
    ]
)
TEXTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} == {})".format, inner, inner),
        st.builds("({} != {})".format, inner, inner),
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
        st.builds("contains(['a', 'b', `1`], {})".format, inner),
    ),
    max_leaves=5,
)


@given(document=st.dictionaries(st.sampled_from("abc"), JSON, max_size=3), text=TEXTS)
def test_the_short_way_is_the_same_way(document: Any, text: str) -> None:  # noqa: ANN401 - any JSON
    """What is understood without the interpreter finds what the interpreter finds, to the type."""
    compiled = jmespath.compile(text)
    short = shortcut(compiled.parsed)
    assert short is not None, text
    found, expected = short(document), compiled.search(document)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize("value", [True, False, 1, 0, 1.0, "1", [1], [True], None])
@pytest.mark.parametrize("text", ["a == `1`", "a == `true`", "a != `0`", "a == `false`", "a == `[1]`"])
def test_true_is_not_one(value: Any, text: str) -> None:  # noqa: ANN401 - any JSON
    """What is equal for Python is not always equal for JMESPath."""
    compiled = jmespath.compile(text)
    short = shortcut(compiled.parsed)
    assert short is not None
    assert short({"a": value}) is compiled.search({"a": value})


@pytest.mark.parametrize(
    "text",
    [
        "length(a)",
        "a[*].b",
        "a | b",
        "a > `1`",
        "[a, b]",
        "a[?b]",
        "contains(a, b)",
        "a[:1]",
        "a.[b]",
        "@",
        "a == length(b)",
        "!length(a)",
        "a && length(b)",
    ],
)
def test_the_rest_is_left_to_the_interpreter(text: str) -> None:
    """What needs more than names, literals and logic is not guessed at."""
    assert shortcut(jmespath.compile(text).parsed) is None


@given(value=JSON)
def test_truth_is_as_jmespath_has_it(value: Any) -> None:  # noqa: ANN401 - any JSON
    """Null, false and what is empty is false; zero is true."""
    assert is_true(value) is (jmespath.search("a && `1` || `2`", {"a": value}) == 1)
