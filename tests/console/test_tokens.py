"""Tokens of browsers."""

from console.tokens import csrf_of, is_csrf_of, kept_as, new_token


def test_tokens_are_long_and_never_the_same() -> None:
    """256 bits; what the store knows does not lead back to them."""
    one, other = new_token(), new_token()
    assert one != other
    assert len(one) == 43
    assert one not in kept_as(one)


def test_a_form_is_of_one_browser() -> None:
    """Another browser's token, none, and half of a character pair are not believed."""
    one, other = new_token(), new_token()
    assert is_csrf_of(one, csrf_of(one))
    for presented in (csrf_of(other), "", one, "\ud800"):
        assert not is_csrf_of(one, presented)
