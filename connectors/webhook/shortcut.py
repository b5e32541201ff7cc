"""Shortcuts: what most expressions are (`body.ticket.id`, `body.event == 'opened'`) needs no interpreter.

An expression that is made of names, indexes, comparisons for equality, literals, `contains` of them, and, or
and not becomes one function; a test holds each to what the interpreter finds. The rest is the interpreter's.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import JsonValue

#: Returns what an expression finds in a document.
Find = Callable[[JsonValue], JsonValue]
Node = Mapping[str, Any]


def is_true(value: JsonValue) -> bool:
    """Say whether JMESPath takes a value for true: all but null, false and what is empty. 0 is true."""
    return bool(value) or (isinstance(value, (int, float)) and not isinstance(value, bool))


def shortcut(node: Node) -> Find | None:
    """Return the function of a parsed expression, None where only the interpreter knows it."""
    kind, children = node["type"], node["children"]
    match kind:
        case "field" | "subexpression" | "index_expression":
            return _path(node)
        case "literal":
            value = node["value"]
            return lambda _: value
        case "comparator" if node["value"] in {"eq", "ne"}:
            return _comparison(shortcut(children[0]), shortcut(children[1]), equal=node["value"] == "eq")
        case "not_expression":
            found = shortcut(children[0])
            return None if found is None else lambda document: not is_true(found(document))
        case "and_expression" | "or_expression":
            return _choice(shortcut(children[0]), shortcut(children[1]), first=kind == "or_expression")
        case "function_expression" if node["value"] == "contains":
            return _membership(children[0], shortcut(children[1]))
        case _:
            return None


def _path(node: Node) -> Find | None:
    steps = _steps(node)
    if steps is None:
        return None
    names = tuple(step for step in steps if isinstance(step, str))
    if len(names) == len(steps):
        return _names(names)

    def walk(value: JsonValue) -> JsonValue:
        for step in steps:
            if isinstance(step, str):
                if not isinstance(value, dict):
                    return None
                value = value.get(step)
            else:
                if not isinstance(value, list) or not -len(value) <= step < len(value):
                    return None
                value = value[step]
        return value

    return walk


def _names(names: tuple[str, ...]) -> Find:
    """Return the way along names alone, which is what most paths are, and the hot one."""

    def walk(value: JsonValue) -> JsonValue:
        for name in names:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value

    return walk


def _steps(node: Node) -> tuple[str | int, ...] | None:
    """Return the names and indexes of a plain path, None for anything else."""
    match node["type"]:
        case "field" | "index":
            return (node["value"],)
        case "subexpression" | "index_expression":
            found: tuple[str | int, ...] = ()
            for child in node["children"]:
                steps = _steps(child)
                if steps is None:
                    return None
                found += steps
            return found
        case _:
            return None


def _comparison(left: Find | None, right: Find | None, *, equal: bool) -> Find | None:
    if left is None or right is None:
        return None

    def compare(document: JsonValue) -> bool:
        one, other = left(document), right(document)
        # JMESPath has true and 1 for different; Python has not.
        return (one == other and isinstance(one, bool) is isinstance(other, bool)) is equal

    return compare


def _membership(among: Node, wanted: Find | None) -> Find | None:
    """Return `contains(['a', 'b'], …)`, where what is looked through is written out."""
    values = [child["value"] for child in among["children"] if child["type"] == "literal"]
    written_out = among["type"] == "multi_select_list" and len(values) == len(among["children"])
    if wanted is None or not written_out:
        return None
    return lambda document: wanted(document) in values


def _choice(left: Find | None, right: Find | None, *, first: bool) -> Find | None:
    """Return `||` (the first that is true) or `&&` (the first that is not)."""
    if left is None or right is None:
        return None

    def choose(document: JsonValue) -> JsonValue:
        found = left(document)
        return found if is_true(found) is first else right(document)

    return choose
