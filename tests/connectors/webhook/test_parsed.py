"""Mistakes that are found when the settings are read."""

import jmespath
import pytest

from connectors.webhook.parsed import beginnings, refuse_misread_not, refuse_unknown_functions


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("body.a.b", {"body"}),
        ('headers."x-a"', {"headers"}),
        ("body.a[0].b", {"body"}),
        ("body.list[?x == 'y'].z | [0]", {"body"}),
        ("body.*.x", {"body"}),
        ("body.a[].b[]", {"body"}),
        ("body.a == 'x' && !(query.b) || headers.c", {"body", "query", "headers"}),
        ("join('-', [body.a, to_string(query.b)])", {"body", "query"}),
        ("[body.a, {x: query.b}]", {"body", "query"}),
        ("sort_by(body.list, &x)", {"body"}),
        ("'text'", set()),
        ("@", set()),
    ],
)
def test_the_names_that_are_asked_of_the_delivery(text: str, asked: set[str]) -> None:
    """Only names at the beginning of a path count, wherever in the expression the path stands."""
    assert beginnings(jmespath.compile(text).parsed) == asked


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("upper(a)", r"calls upper\(\), which JMESPath does not know"),
        ("a[*].{x: missing(@)}", r"missing\(\), which JMESPath does not know"),
        ("length(a, b)", r"gives length\(\) 2 arguments instead of 1"),
        ("not_null()", r"gives not_null\(\) 0 arguments instead of 1"),
    ],
)
def test_functions_are_checked(text: str, complaint: str) -> None:
    """Functions that do not exist, and wrong numbers of arguments, are refused."""
    with pytest.raises(ValueError, match=complaint):
        refuse_unknown_functions(jmespath.compile(text).parsed, text)


@pytest.mark.parametrize("text", ["!a.b", "x && !a.b == 'c'"])
def test_a_not_that_binds_too_tightly_is_refused(text: str) -> None:
    """`!a.b` reads like !(a.b) and is (!a).b: nobody means that."""
    with pytest.raises(ValueError, match="around the path"):
        refuse_misread_not(jmespath.compile(text).parsed, text)


def test_a_not_that_is_meant_is_kept() -> None:
    """Around a path, and before a name, a call or an index, a not is what it looks like."""
    text = "!(a.b) && !contains(a, b) && !a && !a[0]"
    refuse_misread_not(jmespath.compile(text).parsed, text)
