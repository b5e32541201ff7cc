"""Mutants: each still cuts what it is meant to cut out of the product as it stands."""

from pathlib import Path

import pytest

from tests.faults.mutants import MUTANTS, breed
from tests.faults.processes import ROOT


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_differs_where_it_cuts(name: str, tmp_path: Path) -> None:
    """The copy is the product but for the cut files, and those no longer hold what was cut."""
    source = breed(name, tmp_path / "source")
    cut = {each.file for each in MUTANTS[name].cuts}
    for file in cut:
        assert (source / file).read_text() != (ROOT / file).read_text()
    lua = {path.relative_to(ROOT).as_posix() for path in (ROOT / "worker/store/lua").glob("*.lua")}
    assert all((source / file).read_text() == (ROOT / file).read_text() for file in lua - cut)


def test_what_is_not_there_cannot_be_cut(tmp_path: Path) -> None:
    """A name without a mutant is refused, and the product itself is copied as it is."""
    with pytest.raises(KeyError):
        breed("no-such-thing", tmp_path / "one")
    whole = breed("", tmp_path / "two")
    assert (whole / "worker/intake.py").read_text() == (ROOT / "worker/intake.py").read_text()
