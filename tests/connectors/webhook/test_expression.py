"""Expressions of a mapping."""

from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import UnreadableDelivery
from connectors.webhook.expression import Expression, compile_expression

DOCUMENT: Any = {"a": {"b": {"c": 1}, "list": [1, 2, {"c": "x"}]}, "b c": None, "text": "t"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.b.c", 1),
        ("text", "t"),
        ('"b c"', None),
        ("a.missing.c", None),
        ("text.c", None),
        ("a.list[-1].c", "x"),
        ("a.list[?c].c | [0]", "x"),
        ("length(a.list)", 3),
        ("join('-', ['x', text])", "x-t"),
        ("not_null(nothing, text)", "t"),
        ("`7`", 7),
        ("sort_by(a.list[2:], &c)", [{"c": "x"}]),
    ],
)
def test_expressions_find_what_jmespath_finds(text: str, found: object) -> None:
    """Names, indexes, filters, functions and literals give what the language says."""
    assert Expression(text).find(DOCUMENT) == found


@given(document=JSON, text=st.sampled_from(["a", "a.b", "a.b.c", "b.a", "c.c"]))
def test_the_short_way_is_the_same_way(document: Any, text: str) -> None:  # noqa: ANN401 - any JSON
    """Plain paths, which are walked without an interpreter, find what the interpreter finds."""
    assert Expression(text).find(document) == jmespath.search(text, document)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not a JMESPath expression"),
        ("a[", "not a JMESPath expression"),
        ("a b", "not a JMESPath expression"),
        ("upper(a)", r"calls upper\(\), which JMESPath does not know"),
        ("a[*].{x: missing(@)}", r"missing\(\), which JMESPath does not know"),
        ("length(a, b)", r"gives length\(\) 2 arguments instead of 1"),
        ("not_null()", r"gives not_null\(\) 0 arguments instead of 1"),
    ],
)
def test_mistakes_are_found_at_load(text: str, complaint: str) -> None:
    """Bad syntax, unknown functions and wrong numbers of arguments are found before any delivery."""
    with pytest.raises(ValueError, match=complaint) as error:
        Expression(text)
    assert "\n" not in str(error.value)


def test_only_text_is_an_expression() -> None:
    """A number in the settings is no expression; text is compiled and remembered."""
    with pytest.raises(ValueError, match="is a string"):
        compile_expression(7)
    assert repr(compile_expression("a.b")) == "Expression('a.b')"


@pytest.mark.parametrize("text", ["length(a)", "length(`7`)", "&a", "join(',', a)"])
def test_what_cannot_be_applied_is_unreadable(text: str) -> None:
    """An expression that does not suit the document makes it unreadable."""
    with pytest.raises(UnreadableDelivery, match="cannot be applied"):
        Expression(text).find({"a": 1})


def test_what_is_no_number_is_nothing() -> None:
    """A function can make NaN, for which JSON has no word: it counts as nothing."""
    assert Expression("to_number(a)").find({"a": "nan"}) is None
