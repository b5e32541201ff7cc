"""Nesting: how deep a document goes, so that nothing that walks through one can be led too far."""

#: How many arrays and objects may stand inside one another.
DEPTH = 32


def is_too_deep(document: object) -> bool:
    """Say whether a JSON document is nested more than `DEPTH` deep."""
    level: list[object] = [document]
    for _ in range(DEPTH):
        level = [child for value in level for child in _children(value)]
    return any(isinstance(value, (dict, list)) for value in level)


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
