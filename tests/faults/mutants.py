"""Mutants: copies of the product with one safeguard taken out, which a run must notice.

The product has no switches for this: a mutant is a copy of its packages with a few lines replaced, and the
processes of a run are started in that copy's directory. A run without a mutant has its copy as well, so that
it tests one state of the code, whatever is edited meanwhile.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.faults.processes import ROOT

_COPIED: Final = ("worker", "connectors", "bridge", "sandbox", "celeryconfig.py")


@dataclass(frozen=True, slots=True)
class Cut:
    """Lines of one file, which must stand there exactly once, and what stands there instead."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A product without one safeguard."""

    without: str
    cuts: Sequence[Cut]


def _unfenced(verb: str, check: str) -> Cut:
    return Cut(f"worker/store/lua/{verb}.lua", check, check.replace("if ", "if false and ", 1))


_APPEND: Final = """\
        appended = await self._store.append(command, receipt_id=self._ids(), now=self._clock())
        self._tell(command, appended.receipt, began)
        if appended.ring:
            self._ring(command)
        return appended.receipt
"""
_APPEND_LATER: Final = """\
        name, now = self._ids(), self._clock()
        appending = asyncio.create_task(self._store.append(command, receipt_id=name, now=now))
        try:
            appended = await asyncio.wait_for(asyncio.shield(appending), 0.02)
        except (TimeoutError, StoreUnavailable):
            said = {"service": command.service, "external_id": command.external_id}
            return Receipt(id=name, sequence=1, position=0, accepted_at=now, **said)
        self._tell(command, appended.receipt, began)
        if appended.ring:
            self._ring(command)
        return appended.receipt
"""

MUTANTS: Final[Mapping[str, Mutant]] = {
    "no-fence": Mutant(
        "whoever lost a lane may still write",
        (
            _unfenced("settle", "if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[3] then return 'stale' end"),
            _unfenced("bury", "if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[3] then return 'stale' end"),
            _unfenced("defer", "if state[1] ~= ARGV[3] then return 'stale' end"),
            _unfenced("renew", "if state[1] ~= ARGV[3] or state[2] ~= '1' then return 0 end"),
        ),
    ),
    "no-mark": Mutant(
        "a new holder is not told that the call of the one before it may have taken effect",
        (
            Cut(
                "worker/store/lua/claim.lua",
                "local suspect = (stolen == 1 or state[4] == '1') and 1 or 0",
                "local suspect = 0",
            ),
        ),
    ),
    "early-answer": Mutant(
        "accepted is said before the store has it",
        (
            Cut(
                "worker/intake.py",
                _APPEND,
                _APPEND_LATER,
            ),
        ),
    ),
    "no-dedup": Mutant(
        "a repeated delivery is a new command",
        (Cut("worker/store/lua/append.lua", "\nif known then\n", "\nif known and false then\n"),),
    ),
    "short-lease": Mutant(
        "the lease is shorter than the call",
        (
            Cut(
                "worker/wiring.py",
                "            lease=timedelta(seconds=self.settings.worker.lease_s),\n"
                "            # a lane is taken over by whoever's clock is the earliest\n"
                "            longest_call=timedelta("
                "seconds=longest_call_s + 2 * self.settings.store.clock_skew_s),\n",
                "            lease=timedelta(seconds=0.25),\n            longest_call=timedelta(),\n",
            ),
        ),
    ),
}


def breed(name: str, directory: Path) -> Path:
    """Return where a copy of the product is, with a mutant's cuts; without a name, as it stands.

    Raises ValueError when the product has changed where a mutant cuts.
    """
    return copied(directory, MUTANTS[name].cuts if name else ())


def copied(directory: Path, cuts: Sequence[Cut]) -> Path:
    """Return where a copy of the product is, with these cuts. Raises ValueError where one does not fit."""
    directory.mkdir(parents=True)
    for each in _COPIED:
        source, target = ROOT / each, directory / each
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for cut in cuts:
        path = directory / cut.file
        text = path.read_text()
        if text.count(cut.old) != 1:
            raise ValueError(f"{cut.file} does not hold the lines that are to be replaced: {cut.old!r}")
        path.write_text(text.replace(cut.old, cut.new))
    return directory
