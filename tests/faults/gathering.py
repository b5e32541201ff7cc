"""Gathering: reads what is left, past every proxy: the sandbox's audit, its interactions, and the store."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.faults.model import Answer, Call, Evidence, Letter, Live, Row
from tests.faults.plan import Plan
from tests.faults.processes import Processes

_LOOK_S: Final = 0.25
_PAGE: Final = 2000


@dataclass(slots=True)
class Audit:
    """The sandbox's audit, read while it grows: it keeps only the latest entries."""

    processes: Processes
    entries: list[Call] = field(default_factory=list)

    async def follow(self) -> None:
        """Read what is new, until cancelled."""
        while True:
            try:
                await self.read()
            except OSError:  # an outage: what happened before is read after it
                await asyncio.sleep(_LOOK_S)
            await asyncio.sleep(_LOOK_S)

    async def read(self) -> None:
        """Read what is new. Raises OSError during an outage."""
        while True:
            after = self._last
            page = await asyncio.to_thread(
                self.processes.sandbox, "GET", f"audit?after={after}&limit={_PAGE}"
            )
            # two readers may have asked for the same page
            seen = self._last
            self.entries += [_call(entry) for entry in page if entry["seq"] > seen]
            if len(page) < _PAGE:
                return

    async def next_effect(self, patience_s: float) -> float:
        """Return after how long the API sees the next effect."""
        began = time.monotonic()
        await self.read()
        place = len(self.entries)
        while time.monotonic() - began < patience_s:
            await asyncio.sleep(0.02)
            await self.read()
            if any(call.effect for call in self.entries[place:]):
                break
        return time.monotonic() - began

    @property
    def _last(self) -> int:
        return self.entries[-1].place if self.entries else 0


def unfinished(processes: Processes) -> tuple[str, ...]:
    """Return everything in the store that is not there once nothing is left to do, in words."""
    with processes.redis() as client:
        found: list[str] = []
        for prefix in processes.prefixes:
            for name in ("due", "out"):
                found += [
                    f"{prefix}{name} has {lane.decode()}" for lane in client.zrange(f"{prefix}{name}", 0, -1)
                ]
            found += [f"{key.decode()} is there" for key in client.scan_iter(f"{prefix}lane:*", 1000)]
            found += [
                f"{key.decode()}: {mark} is set"
                for key, row in _rows(client, prefix)
                for mark in ("held", "suspect", "parked")
                if row.get(mark.encode(), b"0") not in {b"0", b""}
            ]
    return tuple(found)


def gather(processes: Processes, plan: Plan, answers: Sequence[Answer], calls: Sequence[Call]) -> Evidence:
    """Return everything that is compared."""
    with processes.redis() as client:
        counted: Counter[str] = Counter({"accepted": 0, "delivered": 0, "dead": 0})
        ledger, letters = [], []
        for prefix in processes.prefixes:
            for name, count in client.hgetall(f"{prefix}pace").items():
                counted[name.decode().rpartition(":")[2]] += int(count)
            ledger += [_row(prefix, key, row) for key, row in _rows(client, prefix)]
            letters += [
                _letter(json.loads(client.hget(key, "letter")))
                for key in client.scan_iter(f"{prefix}letter:*", 1000)
            ]
    interactions = processes.sandbox("GET", "interactions")
    return Evidence(
        conversations=plan.conversations,
        answers=answers,
        calls=calls,
        interactions=[_live(each) for each in interactions],
        ledger=ledger,
        letters=letters,
        leftovers=unfinished(processes),
        counted=counted,
    )


def histories(processes: Processes, lanes: Mapping[str, tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    """Return what the bridge itself wrote down of conversations, given the service and lane of each."""
    with processes.redis() as client:
        return {
            name: [
                line.decode()
                for prefix in processes.prefixes
                if prefix.startswith(f"bridge:{{{service}/")
                for line in client.lrange(f"{prefix}history:{lane}", 0, -1)
            ]
            for name, (service, lane) in lanes.items()
        }


def _rows(client: Any, prefix: str) -> Iterator[tuple[bytes, Mapping[bytes, bytes]]]:  # noqa: ANN401 - redis-py's
    keys = list(client.scan_iter(f"{prefix}row:*", 1000))
    pipeline = client.pipeline(transaction=False)
    for key in keys:
        pipeline.hgetall(key)
    return zip(keys, pipeline.execute(), strict=True)


def _row(prefix: str, key: bytes, row: Mapping[bytes, bytes]) -> Row:
    record = json.loads(row.get(b"record") or b"{}")
    return Row(
        service=prefix.partition("{")[2].partition("/")[0],
        external_id=key.decode().removeprefix(f"{prefix}row:"),
        state=record.get("state", "new"),
        generation=record.get("generation", 1),
        interaction_id=record.get("interaction_id"),
    )


def _letter(written: Mapping[str, Any]) -> Letter:
    command = written.get("command")
    if command is None:
        return Letter("unreadable", written["reason"])
    data = {**command.get("user_data", {}), **command.get("changed", {})}
    words = str(data.get("Subject") or command.get("reason_description") or "")
    conversation, _, number = words.partition(" #")
    return Letter(written["cause"], written["reason"], conversation, int(number) if number.isdigit() else -1)


def _call(entry: Mapping[str, Any]) -> Call:
    request = entry["request"]
    return Call(
        place=entry["seq"],
        service=entry["service"],
        operation=entry["operation"],
        external_id=entry["externalId"] or "",
        effect=entry["effect"],
        fault=entry["fault"],
        sent=(request or {}).get("data") or {} if isinstance(request, dict) else {},
        status=entry["status"],
        at=entry["at"],
    )


def _live(found: Mapping[str, Any]) -> Live:
    return Live(
        service=found["service"],
        external_id=found["externalId"],
        interaction_id=found.get("id") or found["interactionId"],
        active=found["state"] == "active",
        user_data=found["userData"],
    )
