"""Parsed expressions: the mistakes in them that JMESPath itself would only find with the first delivery."""

from collections.abc import Iterator, Mapping
from typing import Any

from jmespath.functions import Functions

Node = Mapping[str, Any]

_FUNCTIONS: Mapping[str, Mapping[str, Any]] = Functions.FUNCTION_TABLE
#: What looks at the document only with its first part, and at what that finds with the others.
_NARROWING = frozenset(
    {
        "subexpression",
        "index_expression",
        "projection",
        "value_projection",
        "filter_projection",
        "flatten",
        "pipe",
    }
)


def refuse_unknown_functions(parsed: Node, text: str) -> None:
    """Raise ValueError for a function that does not exist, or has another number of arguments."""
    for node in _nodes(parsed):
        if node["type"] != "function_expression":
            continue
        name, given = node["value"], len(node["children"])
        if name not in _FUNCTIONS:
            raise ValueError(f"{text!r} calls {name}(), which JMESPath does not know")
        signature = _FUNCTIONS[name]["signature"]
        variadic = bool(signature) and signature[-1].get("variadic", False)
        if given != len(signature) and not (variadic and given > len(signature)):
            raise ValueError(f"{text!r} gives {name}() {given} arguments instead of {len(signature)}")


def refuse_misread_not(parsed: Node, text: str) -> None:
    """Raise ValueError for `!a.b`, which JMESPath takes for `(!a).b`: always null, never what is meant."""
    for node in _nodes(parsed):
        if node["type"] in _NARROWING and node["children"][0]["type"] == "not_expression":
            raise ValueError(
                f"{text!r} means (!…) and then a part of true or false: write !(…) around the path"
            )


def beginnings(node: Node) -> frozenset[str]:
    """Return the names with which the document itself is asked, as `body` in `body.ticket.id`."""
    if node["type"] == "field":
        return frozenset({node["value"]})
    if node["type"] == "expref":
        return frozenset()
    children = node["children"][:1] if node["type"] in _NARROWING else node["children"]
    asked = (beginnings(child) for child in children if isinstance(child, dict))
    return frozenset().union(*asked)


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _nodes(child)
