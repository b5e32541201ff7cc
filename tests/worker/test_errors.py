"""The errors are the tree their module draws, and each text is a sentence for a person."""

import inspect

from worker import errors
from worker.errors import BridgeError, KeyConflict, SecretMissing, SettingsError


def test_every_error_is_the_bridges_own() -> None:
    """One `except BridgeError` catches whatever the bridge raises on purpose."""
    found = [value for _, value in inspect.getmembers(errors, inspect.isclass)]
    assert len(found) == 14
    assert all(issubclass(each, BridgeError) for each in found)
    assert issubclass(SecretMissing, SettingsError)


def test_the_tree_in_the_docstring_is_complete() -> None:
    """Each class stands in the drawing, with who must act on it, and says what it means."""
    for name, value in inspect.getmembers(errors, inspect.isclass):
        assert name in (errors.__doc__ or ""), name
        assert value.__doc__, name


def test_a_conflict_names_both_contents() -> None:
    """The sender can find out which of the two was accepted."""
    error = KeyConflict("mail:1", first="aaaa", second="bbbb")
    assert (error.key, error.first, error.second) == ("mail:1", "aaaa", "bbbb")
    assert str(error) == (
        "idempotency key 'mail:1' was accepted with another content (fingerprint aaaa, now bbbb)"
    )
