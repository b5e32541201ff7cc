"""Reasons."""

import pytest

from console.reason import NoReason, require_reason


def test_a_reason_says_something() -> None:
    """Blanks around it are taken off; nothing but blanks is refused."""
    assert require_reason(" spam ", what="it is paused") == "spam"
    with pytest.raises(NoReason, match="say why it is paused"):
        require_reason(" ", what="it is paused")
