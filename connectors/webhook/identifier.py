"""Identifiers: what a sender calls a thing, as text."""

from pydantic import JsonValue

from connectors.base import UnreadableDelivery

# Beyond this a JSON number has lost digits on its way, and two different ids could look the same.
_EXACT = 2**53


def identifier(value: JsonValue, what: str) -> str | None:
    """Return an id as text, None where there is none. Raises UnreadableDelivery for what is no id.

    Args:
        value: What the sender sent.
        what: The id's name, for the reason.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UnreadableDelivery(f"the {what} is neither text nor a number")
    if isinstance(value, float) and abs(value) >= _EXACT:
        raise UnreadableDelivery(f"the {what} is a number too large to be exact")
    return str(value)
