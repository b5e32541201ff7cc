"""What tests of entry points share: an environment of their own."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Start from an empty directory, without any setting; call it to set variables. Nothing of it stays."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    monkeypatch.setattr(os, "environ", kept)
    monkeypatch.chdir(tmp_path)

    def change(**variables: str) -> None:
        kept.update(variables)

    return change
