"""Expressions: JMESPath, compiled once when the settings are read, so that a mistake is found there."""

from typing import Annotated

import jmespath
import orjson
from jmespath.exceptions import JMESPathError
from pydantic import JsonValue, PlainValidator

from connectors.base import UnreadableDelivery
from connectors.webhook.identifier import identifier
from connectors.webhook.parsed import beginnings, refuse_misread_not, refuse_unknown_functions
from connectors.webhook.shortcut import Find, shortcut

_SHAPE = "is a JMESPath text, or { value = … } for a fixed value"


class Expression:
    """A question to a delivery."""

    __slots__ = ("_compiled", "beginnings", "find", "text")

    def __init__(self, text: str) -> None:
        try:
            compiled = jmespath.compile(text)
        except JMESPathError as error:
            # The library draws an arrow under the mistake; one line is enough here.
            raise ValueError(
                f"{text!r} is not a JMESPath expression: {str(error).splitlines()[0]}"
            ) from error
        refuse_unknown_functions(compiled.parsed, text)
        refuse_misread_not(compiled.parsed, text)
        self.text = text
        #: The names with which it asks the delivery itself.
        self.beginnings = beginnings(compiled.parsed)
        self._compiled = compiled
        #: Returns what it finds in a document, None for nothing. Raises UnreadableDelivery.
        self.find: Find = shortcut(compiled.parsed) or self._interpreted

    def _interpreted(self, document: JsonValue) -> JsonValue:
        try:
            # Functions can make what JSON has no word for: NaN, functions, numbers without end.
            found: JsonValue = orjson.loads(orjson.dumps(self._compiled.search(document)))
        except (JMESPathError, TypeError) as error:
            raise UnreadableDelivery(f"{self.text!r} cannot be applied: {type(error).__name__}") from error
        return found

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


class Fixed:
    """The same value for every delivery."""

    __slots__ = ("_value",)
    beginnings: frozenset[str] = frozenset()

    def __init__(self, value: JsonValue) -> None:
        self._value = value

    def find(self, document: JsonValue) -> JsonValue:  # noqa: ARG002 - nothing is looked at
        """Return the value."""
        return self._value

    def __repr__(self) -> str:
        return f"Fixed({self._value!r})"


class Identity:
    """What several expressions find, as one id: `["body.project", "body.issue"]`."""

    __slots__ = ("_parts", "beginnings")

    def __init__(self, parts: tuple[Expression | Fixed, ...]) -> None:
        self._parts = parts
        self.beginnings = frozenset().union(*(part.beginnings for part in parts))

    def find(self, document: JsonValue, what: str) -> str | None:
        """Return the id, None where a part of it is missing. Raises UnreadableDelivery for what is no id."""
        if len(self._parts) == 1:
            return identifier(self._parts[0].find(document), what)
        found = []
        for part in self._parts:
            native = identifier(part.find(document), what)
            if native is None:
                return None
            # So that ("a/b", "c") and ("a", "b/c") stay two ids.
            found.append(native.replace("%", "%25").replace("/", "%2F"))
        return "/".join(found)

    def __repr__(self) -> str:
        return f"Identity({self._parts!r})"


def compile_expression(written: object) -> Expression | Fixed:
    """Return the compiled expression, or the fixed value. Raises ValueError with the reason."""
    if isinstance(written, dict) and written.keys() == {"value"}:
        return Fixed(written["value"])
    if not isinstance(written, str):
        raise ValueError(f"an expression {_SHAPE}")  # noqa: TRY004 - pydantic reports ValueErrors
    return Expression(written)


def compile_identity(written: object) -> Identity:
    """Return the compiled identity: one expression or a list of them. Raises ValueError with the reason."""
    parts = written if isinstance(written, list | tuple) else [written]
    if not parts:
        raise ValueError(f"an id needs at least one expression; each {_SHAPE}")
    return Identity(tuple(map(compile_expression, parts)))


#: A field of the settings that holds an expression, or a fixed value.
ExpressionField = Annotated[Expression | Fixed, PlainValidator(compile_expression)]
#: A field of the settings that holds what finds an id.
IdentityField = Annotated[Identity, PlainValidator(compile_identity)]
