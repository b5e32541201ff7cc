"""The file in which a store moves: JSON lines, as docs/operations.md describes them, one at a time.

The first line says what it is of, the last one how many lines there were and what they add up to: a file that
was cut or changed is found out before anything of it is used.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final, Self

from worker.errors import BridgeError
from worker.store.dump import Portion
from worker.store.format import Stamp
from worker.store.wire import millis, moment

#: Of the file's own form.
VERSION: Final = 1
_NOT_TEXT: Final = "base64"


class NoExport(BridgeError):
    """The file is not what `bridge export` writes, or no longer."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a whole file is of."""

    stamp: Stamp
    at: datetime
    lines: int
    digest: str


class Writer:
    """Writes a file beside its place, which it takes only once it is whole."""

    def __init__(self, path: Path, stamp: Stamp, *, at: datetime) -> None:
        """Raise FileExistsError or any other OSError when it cannot be written."""
        self._path = path
        self._aside = path.with_name(f".{path.name}.part")
        self._file: IO[bytes] = self._aside.open("wb")
        self._digest = hashlib.sha256()
        self.lines = 0
        self._write(
            {
                "bridge": "export",
                "version": VERSION,
                "format": stamp.format,
                "at": at.isoformat(),
                "partitions": dict(stamp.partitions),
            }
        )

    def add(self, portion: Portion, *, now: datetime) -> None:
        """Write one portion."""
        line: dict[str, Any] = {"key": _said(portion.key), "kind": portion.kind}
        if portion.more:
            line["more"] = True
        if portion.lives is not None:
            line["expires"] = millis(now + portion.lives)
        line["items"] = [_said(item) for item in portion.items]
        self.lines += 1
        self._write(line)

    def close(self) -> None:
        """Write the last line, and put the file where it belongs."""
        end = {"end": True, "lines": self.lines, "sha256": self._digest.hexdigest()}
        self._file.write(json.dumps(end).encode() + b"\n")
        self._file.close()
        self._aside.rename(self._path)

    def drop(self) -> None:
        """Leave no file."""
        self._file.close()
        self._aside.unlink(missing_ok=True)

    def _write(self, line: Mapping[str, Any]) -> None:
        written = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._digest.update(written)
        self._file.write(written)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.drop()


def examine(path: Path) -> Contents:
    """Return what a file is of, having read all of it. Raises NoExport, or OSError."""
    digest, lines, before = hashlib.sha256(), -1, b""
    with path.open("rb") as file:
        head = _object(path, file.readline())
        file.seek(0)
        for line in file:
            if before:
                digest.update(before)
            before = line
            lines += 1
    if head.get("bridge") != "export":
        raise NoExport(f"{path} is not an export of a bridge")
    if head.get("version") != VERSION:
        raise NoExport(f"{path} has the form {head.get('version')}, and this bridge reads {VERSION}")
    end = _object(path, before)
    if end.get("sha256") != digest.hexdigest() or end.get("lines") != lines - 1:
        raise NoExport(f"{path} was cut or changed after it was written: export once more")
    stamp = Stamp(head.get("format"), head["partitions"])
    return Contents(stamp, datetime.fromisoformat(head["at"]), lines - 1, digest.hexdigest())


def portions(path: Path, *, now: datetime) -> Iterator[Portion]:
    """Yield what a file holds that has been examined, but what has expired since."""
    skipped = b""
    with path.open("rb") as file:
        file.readline()
        for line in file:
            written = json.loads(line)
            if "end" in written:
                return
            portion = _portion(written, now)
            if portion.lives is not None and portion.lives <= timedelta():
                skipped = portion.key
            elif not (portion.more and portion.key == skipped):
                yield portion


def _portion(written: Mapping[str, Any], now: datetime) -> Portion:
    expires = written.get("expires")
    return Portion(
        key=_meant(written["key"]),
        kind=written["kind"],
        items=[_meant(item) for item in written["items"]],
        lives=None if expires is None else moment(expires) - now,
        more=written.get("more", False),
    )


def _object(path: Path, line: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NoExport(f"{path} is not an export of a bridge, or was cut")
    return found


def _said(value: Any) -> Any:  # noqa: ANN401 - whatever Redis keeps
    """Return a value for JSON: bytes as text where they are text, otherwise as base64."""
    match value:
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                return {_NOT_TEXT: base64.b64encode(value).decode()}
        case dict():
            return [[_said(name), _said(each)] for name, each in value.items()]
        case tuple() | list():
            return [_said(each) for each in value]
        case _:
            return value


def _meant(value: Any) -> Any:  # noqa: ANN401 - as above
    match value:
        case str():
            return value.encode()
        case {"base64": text}:
            return base64.b64decode(text)
        case list():
            return tuple(_meant(each) for each in value)
        case _:
            return value
