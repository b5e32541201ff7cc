"""Options: what `[channels.NAME.options]` may say for a mail channel."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from worker.frozen import Frozen

_WILDCARD = "*@"


def _folded(address: str) -> str:
    return address.casefold()


#: A mail address, or `*@domain` for every address there. Compared without regard to case.
Address = Annotated[
    str,
    StringConstraints(pattern=r"^([^\s@<>*]+|\*)@[^\s@<>*]+$", max_length=320),
    AfterValidator(_folded),
]


class EmailOptions(Frozen):
    """One mail channel."""

    #: The recipients whose mail this channel takes.
    addresses: frozenset[Address] = Field(min_length=1)
    #: How many characters of the text go into the preview.
    preview_chars: int = Field(default=2000, ge=10, le=14_000)

    def names(self, address: str) -> bool:
        """Say whether a recipient is one of the channel's."""
        folded = address.casefold()
        return folded in self.addresses or _WILDCARD + folded.rpartition("@")[2] in self.addresses
