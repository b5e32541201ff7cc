"""Clues: what leads a person to a conversation whose external id is not at hand.

The API's own id of an interaction, and who wrote. Of a sender only a hash is kept: enough to find again what
somebody asks for by name, and nothing that can be read.
"""

import hashlib
from collections.abc import Sequence

from worker.commands import Command, Create, Update

#: Hex digits of a sender's hash: two senders with the same one are not to be expected.
_DIGITS = 32


def of_interaction(interaction_id: str) -> str:
    """Return the clue that the API's id of an interaction is."""
    return f"id:{interaction_id}"


def of_sender(sender: str) -> str:
    """Return the clue that a sender is, however it is written: an address, a number, a name."""
    plain = " ".join(sender.casefold().split())
    return f"by:{hashlib.sha256(plain.encode('utf-8', 'surrogatepass')).hexdigest()[:_DIGITS]}"


def of_command(command: Command, senders: Sequence[str]) -> tuple[str, ...]:
    """Return the clues in a command; `senders` are the properties that say who wrote."""
    if isinstance(command, Create):
        said = command.user_data
    elif isinstance(command, Update):
        said = {**command.changed, **command.added}
    else:
        return ()
    found: dict[str, None] = {}
    for name in senders:
        value = said.get(name)
        if isinstance(value, str) and value.strip():
            found[of_sender(value)] = None
    return tuple(found)
