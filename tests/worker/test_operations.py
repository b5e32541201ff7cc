"""Operations are the reference's seven endpoints, and the one of a subscriber, as values."""

import dataclasses
import typing

import pytest

from worker.operations import ByExternalId, ByInteractionId, GetInteraction, Operation, PostEvent, Reference


def test_four_verbs_and_two_references_are_seven_endpoints() -> None:
    """Three verbs address an interaction in either of two ways; a create addresses none."""
    verbs = [verb for verb in typing.get_args(Operation) if verb is not PostEvent]
    addressed = [verb for verb in verbs if "reference" in {each.name for each in dataclasses.fields(verb)}]
    assert (len(verbs), len(addressed), len(typing.get_args(Reference))) == (4, 3, 2)
    assert len(addressed) * 2 + 1 == 7


def test_the_two_references_are_not_alike() -> None:
    """An external id that looks like an interaction id is still an external id."""
    assert GetInteraction(ByExternalId("1")) != GetInteraction(ByInteractionId("1"))


def test_an_operation_does_not_change() -> None:
    """What was planned is what is sent."""
    operation = GetInteraction(ByExternalId("c-1"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        operation.reference = ByExternalId("c-2")
