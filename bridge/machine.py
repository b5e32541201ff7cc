"""The machine: which versions run here, and whether there is room. Part of `bridge check`."""

import importlib.metadata
import platform
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from bridge.findings import Finding, ok, problem, warning
from worker import configuration
from worker.secrets import Secrets
from worker.settings import Settings

_PACKAGES: Final = ("celery", "redis", "httptools")
_GIB: Final = 1024**3
#: Less than this is scarce: there may be too little for a rewrite of the store's file, or for large mails.
_SCARCE: Final = 2 * _GIB
#: Less than this is about to end in refused deliveries.
_OUT: Final = _GIB // 4


def stated(settings: Settings, secrets: Secrets) -> Iterator[Finding]:
    """Return the versions, and the room where this machine keeps something."""
    yield ok("versions", _versions())
    yield from room(_places(settings, secrets))


def _versions() -> str:
    own = importlib.metadata.version("openmedia-bridge")
    others = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    return f"openmedia-bridge {own} on Python {platform.python_version()}; {others}"


def _places(settings: Settings, secrets: Secrets) -> Iterator[tuple[str, Path]]:
    yield "the data directory", configuration.data_directory()
    if settings.blobs.url.startswith("file:"):
        yield "whole messages (blobs.url)", secrets.path(settings.blobs.url)


def room(places: Iterable[tuple[str, Path]]) -> Iterator[Finding]:
    """Return how much room there is at each place; one that is not there yet is made where its parent is."""
    for what, path in places:
        there = next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
        try:
            yield judge(what, there, shutil.disk_usage(there).free)
        except OSError as error:
            yield problem("disk", f"{there} cannot be looked at: {error.strerror or error}")


def judge(what: str, path: Path, free: int) -> Finding:
    """Return what so many free bytes mean."""
    left = f"{free / _GIB:.1f} GiB are free at {path} for {what}"
    if free < _OUT:
        return problem("disk", f"only {left}: make room, or deliveries will be refused")
    if free < _SCARCE:
        return warning("disk", f"only {left}: make room")
    return ok("disk", left)
