"""`bridge send`: a command by hand, through the same intake as any channel's."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

from pydantic import JsonValue, TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.session import session
from worker.commands import Command
from worker.errors import BridgeError
from worker.lanes import Receipt
from worker.wiring import new_id, utc_now

_COMMANDS: Final[TypeAdapter[Command]] = TypeAdapter(Command)


class NotACommand(BridgeError):
    """What was asked for makes no command."""


def properties(pairs: Sequence[str] | None, text: str | None = None) -> dict[str, JsonValue]:
    """Return user data written as a JSON object and as `name=value` pairs; pairs win. Raises NotACommand."""
    found = _object(text) if text is not None else {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise NotACommand(f"{pair!r} is not NAME=VALUE")
        found[name] = value
    return found


def send(fields: dict[str, Any], *, channel: str, key: str | None) -> tuple[str, Receipt]:
    """Submit a command; return its idempotency key and its receipt. Raises BridgeError.

    For entry points only.
    """
    chosen = key or f"{channel}:{new_id()}"
    stamps = {"channel": channel, "idempotency_key": chosen, "received_at": utc_now(), "trace_id": new_id()}
    try:
        command = _COMMANDS.validate_python({**fields, **stamps})
    except ValidationError as error:
        raise NotACommand(_explain(error)) from error
    return chosen, asyncio.run(_submit(command))


def print_receipt(receipt: Receipt, console: Console, *, key: str) -> None:
    """Write it for a person."""
    word = "[yellow]accepted before[/]" if receipt.duplicate else "[green]accepted[/]"
    console.print(f"{word}  as command {receipt.sequence} of", Text(receipt.external_id, style="bold"))
    table = Table.grid(padding=(0, 2, 0, 0))
    ahead = str(receipt.position) if receipt.position else "nothing"
    for name, value in (("receipt", receipt.id), ("key", key), ("ahead of it", ahead)):
        table.add_row(Text(name, style="dim"), Text(value))
    console.print(table)


async def _submit(command: Command) -> Receipt:
    async with session() as bridge:
        (receipt,) = await bridge.intake.submit([command])
    return receipt


def _object(text: str) -> dict[str, JsonValue]:
    try:
        read = json.loads(text)
    except ValueError as error:
        raise NotACommand(f"--json-data is not JSON: {error}") from error
    if not isinstance(read, dict):
        raise NotACommand("--json-data must be a JSON object")
    return read


def _explain(error: ValidationError) -> str:
    reasons = []
    for each in error.errors(include_url=False):
        where = ".".join(str(part) for part in each["loc"][1:])
        reasons.append(f"{where}: {each['msg']}")
    return "; ".join(reasons)
