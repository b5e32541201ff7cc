"""Packing: a command as the bytes that Redis reads, by hiredis."""

from hiredis import pack_command

Argument = str | bytes | int


def packed(*words: Argument) -> bytes:
    """Return a command as it is sent."""
    sent: bytes = pack_command(words)  # type: ignore[arg-type] # its types allow one word only
    return sent
