"""What schemes share."""

import pytest

from connectors.base import Refused
from connectors.signatures.scheme import TOLD, first, octets, refused
from connectors.signatures.unsigned import Unsigned


def test_the_first_that_fits_is_named_after_all_were_compared() -> None:
    """Several may fit; none is skipped, so that the time says nothing."""
    looked_at = []

    def look(index: int) -> bool:
        looked_at.append(index)
        return index in (1, 2)

    assert first(look(index) for index in range(4)) == 1
    assert looked_at == [0, 1, 2, 3]


@pytest.mark.parametrize("fits", [[], [False, False]])
def test_none_that_fits_is_refused(fits: list[bool]) -> None:
    """No secret, or only wrong ones, prove nothing; the sender is not told why."""
    with pytest.raises(Refused, match="none of the channel's secrets") as refusal:
        first(fits)
    assert refusal.value.told == TOLD


def test_a_refusal_says_little_to_the_sender() -> None:
    """The reason is for our log."""
    refusal = refused("the clock is wrong")
    assert (str(refusal), refusal.told) == ("the clock is wrong", "The signature is missing or wrong.")


def test_secrets_are_bytes_whatever_the_environment_holds() -> None:
    """Text is UTF-8; bytes that are not UTF-8 come back as they were; nothing is none."""
    assert octets("schlüssel") == "schlüssel".encode()
    assert octets(b"\xff\xfe".decode("utf-8", "surrogateescape")) == b"\xff\xfe"
    assert octets("\ud800") is None
    assert octets("") is None


def test_a_scheme_takes_any_text_for_a_secret_unless_it_says_otherwise() -> None:
    """The default finds no flaw in text."""
    assert Unsigned().flaw("schlüssel") == ""
    assert Unsigned().flaw("\ud800") == "is not text"
