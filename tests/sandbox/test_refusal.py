"""The one way of saying no."""

from sandbox.refusal import RefusedError


def test_a_refusal_reads_as_its_sentence() -> None:
    """The text of a refusal is the sentence meant for the caller."""
    assert str(RefusedError(404, "no such interaction")) == "no such interaction"
