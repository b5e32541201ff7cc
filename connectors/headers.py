"""Headers: what a delivery says about itself, read-only and found whatever the letter case."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import StringConstraints

#: A header's name as RFC 9110 allows it.
HeaderName = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")]


class Headers(Mapping[str, str]):
    """The headers of one delivery in their order; a name may stand more than once."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        #: Every header as it was sent.
        self.pairs = tuple(pairs)

    def __getitem__(self, name: str) -> str:
        wanted = name.lower()
        for known, value in self.pairs:
            if known.lower() == wanted:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _ in self.pairs))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self.pairs})

    def __repr__(self) -> str:
        # Values stay out: among them are addresses and credentials.
        return f"Headers({', '.join(self)})"

    def without(self, name: str) -> "Headers":
        """Return the headers but those of a name."""
        left_out = name.lower()
        return Headers(pair for pair in self.pairs if pair[0].lower() != left_out)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a header, in order."""
        wanted = name.lower()
        return tuple(value for known, value in self.pairs if known.lower() == wanted)
