"""Passwords become hashes."""

import getpass
import io
import json
import sys

import pytest
from typer.testing import CliRunner

from bridge.cli.program import app
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


def test_the_hash_is_all_that_is_written() -> None:
    """To be put into a file as it is, or read by a script."""
    plain = CliRunner().invoke(app, ["console", "password"], input="correct horse battery\n")
    (line,) = plain.stdout.splitlines()
    assert is_hash(line)
    told = CliRunner().invoke(app, ["console", "password", "--json"], input="correct horse battery\n")
    assert is_hash(json.loads(told.stdout)["hash"])


@pytest.mark.parametrize("password", ["short", "x" * 1025])
def test_unfit_ones_are_refused(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    """What can be guessed soon, and what nobody will ever be let in with."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(password))
    with pytest.raises(UnfitPassword, match=f"this one has {len(password)}"):
        ask()
