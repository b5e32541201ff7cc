"""Expressions of a mapping."""

from typing import Any

import pytest

from connectors.base import UnreadableDelivery
from connectors.webhook.expression import Expression, Fixed, compile_expression, compile_identity

DOCUMENT: Any = {"a": {"b": {"c": 1}, "list": [1, 2, {"c": "x"}]}, "b c": None, "text": "t"}


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


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not a JMESPath expression"),
        ("a[", "not a JMESPath expression"),
        ("a b", "not a JMESPath expression"),
        ("upper(a)", r"calls upper\(\), which JMESPath does not know"),
        ("a[*].{x: missing(@)}", r"missing\(\), which JMESPath does not know"),
        ("!a.b", "around the path"),
    ],
)
def test_mistakes_are_found_at_load(text: str, complaint: str) -> None:
    """Bad syntax and what cannot have been meant is found before any delivery."""
    with pytest.raises(ValueError, match=complaint) as error:
        Expression(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("written", [7, None, {}, {"values": 1}, {"value": 1, "more": 2}, ["a"]])
def test_only_text_is_an_expression(written: object) -> None:
    """Whatever is neither a text nor a fixed value is no expression."""
    with pytest.raises(ValueError, match=r"is a JMESPath text, or \{ value = … \} for a fixed value"):
        compile_expression(written)


def test_expressions_are_printed_as_they_were_written() -> None:
    """Settings that are printed show what was asked for."""
    printed = map(repr, (compile_expression("a.b"), compile_expression({"value": 1}), compile_identity("a")))
    assert [*printed] == [
        "Expression('a.b')",
        "Fixed(1)",
        "Identity((Expression('a.b'),))".replace("a.b", "a"),
    ]


@pytest.mark.parametrize("value", ["text", 7, False, ["a"], {"b": 1}])
def test_a_fixed_value_is_always_found(value: Any) -> None:  # noqa: ANN401 - any JSON
    """A value is what was written, whatever the document."""
    fixed = compile_expression({"value": value})
    assert isinstance(fixed, Fixed)
    assert fixed.find(DOCUMENT) == fixed.find(None) == value


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("text", "t"),
        ("a.b.c", "1"),
        ("missing", None),
        (["text"], "t"),
        (["text", "a.b.c"], "t/1"),
        (["text", {"value": "a/b%"}], "t/a%2Fb%25"),
        (["text", "missing"], None),
        (["text", {"value": ""}], None),
    ],
)
def test_an_id_may_have_several_parts(written: Any, found: str | None) -> None:  # noqa: ANN401 - as in a file
    """Parts are joined so that different parts give different ids; without one of them there is no id."""
    assert compile_identity(written).find(DOCUMENT, "id") == found


@pytest.mark.parametrize("written", ["a", ["text", "a"]])
def test_what_is_no_id_is_unreadable(written: Any) -> None:  # noqa: ANN401 - as in a file
    """An object is no id, nor a part of one."""
    with pytest.raises(UnreadableDelivery, match="the id is neither text nor a number"):
        compile_identity(written).find(DOCUMENT, "id")


@pytest.mark.parametrize("text", ["length(a)", "length(`7`)", "&a", "join(',', a)"])
def test_what_cannot_be_applied_is_unreadable(text: str) -> None:
    """An expression that does not suit the document makes it unreadable."""
    with pytest.raises(UnreadableDelivery, match="cannot be applied"):
        Expression(text).find({"a": 1})


def test_what_is_no_number_is_nothing() -> None:
    """A function can make NaN, for which JSON has no word: it counts as nothing."""
    assert Expression("to_number(a)").find({"a": "nan"}) is None
