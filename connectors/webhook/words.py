"""Words: values as text, for services whose user data may hold nothing else."""

import orjson
from pydantic import JsonValue


def as_text(value: JsonValue) -> str:
    """Return a value as text: a string as it is, anything else as JSON writes it."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
