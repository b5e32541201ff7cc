"""Passwords become hashes."""

import getpass
import io
import sys

import pytest

from bridge.password import UnfitPassword, ask
from console.passwords import is_hash


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_one_is_read_from_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its line end is no part of it."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
    assert is_hash(ask())


def test_one_is_typed_twice_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """And both times the same."""
    typed = iter(["correct horse battery", "correct horse battery", "correct horse", "correct house"])
    monkeypatch.setattr(sys, "stdin", _Terminal())
    monkeypatch.setattr(getpass, "getpass", lambda _: next(typed))
    assert is_hash(ask())
    with pytest.raises(UnfitPassword, match="not the same"):
        ask()


@pytest.mark.parametrize("password", ["short", "x" * 1025])
def test_unfit_ones_are_refused(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    """What can be guessed soon, and what nobody will ever be let in with."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(password))
    with pytest.raises(UnfitPassword, match=f"this one has {len(password)}"):
        ask()
