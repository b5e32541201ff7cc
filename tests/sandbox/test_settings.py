"""What a sandbox is told when it starts."""

from sandbox.settings import Settings


def test_keys_do_not_show() -> None:
    """Settings can be logged: the keys are not in their text."""
    assert "SECRET" not in repr(Settings(services={"a": frozenset({"SECRET"})}))
