"""Expressions: JMESPath, compiled once when the settings are read, so that a mistake is found there."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import jmespath
import orjson
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from pydantic import JsonValue, PlainValidator

from connectors.base import UnreadableDelivery

_FUNCTIONS: Mapping[str, Mapping[str, Any]] = Functions.FUNCTION_TABLE


class Expression:
    """A question to a JSON document."""

    __slots__ = ("_compiled", "_steps", "text")

    def __init__(self, text: str) -> None:
        try:
            compiled = jmespath.compile(text)
        except JMESPathError as error:
            # The library draws an arrow under the mistake; one line is enough here.
            raise ValueError(
                f"{text!r} is not a JMESPath expression: {str(error).splitlines()[0]}"
            ) from error
        _refuse_unknown_functions(compiled.parsed, text)
        self.text = text
        self._compiled = compiled
        self._steps = _plain_steps(compiled.parsed)

    def find(self, document: JsonValue) -> JsonValue:
        """Return what the expression finds, None for nothing. Raises UnreadableDelivery."""
        if self._steps is not None:
            return _walk(document, self._steps)
        try:
            # Functions can make what JSON has no word for: NaN, functions, numbers without end.
            found: JsonValue = orjson.loads(orjson.dumps(self._compiled.search(document)))
        except (JMESPathError, TypeError) as error:
            raise UnreadableDelivery(f"{self.text!r} cannot be applied: {type(error).__name__}") from error
        return found

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def compile_expression(text: object) -> Expression:
    """Return the compiled expression. Raises ValueError with the reason."""
    if not isinstance(text, str):
        raise ValueError("a JMESPath expression is a string")  # noqa: TRY004 - pydantic reports ValueErrors
    return Expression(text)


#: A field of the settings that holds an expression.
ExpressionField = Annotated[Expression, PlainValidator(compile_expression)]


def _walk(value: JsonValue, steps: tuple[str, ...]) -> JsonValue:
    for step in steps:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def _plain_steps(node: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the names of an expression like `a.b.c`, which most are and which needs no interpreter."""
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] == "subexpression" and all(child["type"] == "field" for child in node["children"]):
        return tuple(child["value"] for child in node["children"])
    return None


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _nodes(child)


def _refuse_unknown_functions(parsed: Mapping[str, Any], text: str) -> None:
    """Find at load what JMESPath itself would only find with the first delivery."""
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
