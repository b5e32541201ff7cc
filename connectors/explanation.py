"""Explanation: what pydantic found wrong, in one sentence with the path of each wrong key."""

from pydantic import ValidationError


def explain(error: ValidationError, path: str) -> str:
    """Return the sentence; `path` is where the checked values stand in the settings."""
    reasons = []
    for each in error.errors(include_url=False):
        keys = (str(part) for part in each["loc"] if part != "[key]")
        message = each["msg"].removeprefix("Value error, ")
        reasons.append(f"{'.'.join((path, *keys))}: {message}")
    return "; ".join(reasons)
