"""The headers of a delivery."""

import pytest

from connectors.headers import Headers

HEADERS = Headers([("X-Key", "one"), ("Accept", "*/*"), ("x-key", "two")])


def test_names_are_found_in_any_case() -> None:
    """A header is found whatever its case; of several the first is given, and all on request."""
    assert (HEADERS["x-KEY"], HEADERS.get("accept"), HEADERS.get("missing")) == ("one", "*/*", None)
    assert HEADERS.all("X-KEY") == ("one", "two")
    with pytest.raises(KeyError):
        HEADERS["missing"]


def test_a_name_counts_once() -> None:
    """Iterating gives each name once, in order; the pairs as they were sent remain."""
    assert (list(HEADERS), len(HEADERS)) == (["x-key", "accept"], 2)
    assert HEADERS.pairs[2] == ("x-key", "two")


def test_values_are_not_printed() -> None:
    """Printing shows names only."""
    assert repr(HEADERS) == "Headers(x-key, accept)"


def test_a_name_can_be_left_out() -> None:
    """Every value of the name goes, whatever its letter case; the rest stays in order."""
    assert HEADERS.without("X-KEY").pairs == tuple(
        pair for pair in HEADERS.pairs if pair[0].lower() != "x-key"
    )
    assert HEADERS.without("missing").pairs == HEADERS.pairs


def test_the_values_of_a_header_are_joined_and_the_first_stands_alone() -> None:
    """Whoever wants one value gets the first, and a header that is not there is empty."""
    headers = Headers([("X-To", "one"), ("Host", "here"), ("x-to", "two")])
    assert headers.joined() == {"x-to": "one, two", "host": "here"}
    assert (headers.first("X-TO"), headers.first("none")) == ("one", "")
