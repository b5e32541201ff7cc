"""Headers: what a delivery says about itself, read-only and found whatever the letter case."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import StringConstraints

#: A header's name as RFC 9110 allows it.
HeaderName = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")]


class Headers(Mapping[str, str]):
    """The headers of one delivery in their order; a name may stand more than once."""

    __slots__ = ("_values", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        #: Every header as it was sent.
        self.pairs = tuple(pairs)
        self._values: dict[str, tuple[str, ...]] = {}
        for name, value in self.pairs:
            folded = name.lower()
            known = self._values.get(folded)
            self._values[folded] = (*known, value) if known else (value,)

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()][0]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        # Values stay out: among them are addresses and credentials.
        return f"Headers({', '.join(self)})"

    def without(self, name: str) -> "Headers":
        """Return the headers but those of a name."""
        left_out = name.lower()
        return Headers(pair for pair in self.pairs if pair[0].lower() != left_out)

    def first(self, name: str) -> str:
        """Return the first value of a header, empty where there is none."""
        values = self._values.get(name.lower())
        return values[0] if values else ""

    def joined(self) -> dict[str, str]:
        """Return each header under its lower-case name, its values combined as in RFC 9110, section 5.3."""
        return {
            name: values[0] if len(values) == 1 else ", ".join(values)
            for name, values in self._values.items()
        }

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a header, in order."""
        return self._values.get(name.lower(), ())
