"""Where a conversation lives never changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.lanes import Partition, partition_of


@pytest.mark.parametrize(("external_id", "index"), [("c-1", 2), ("c-2", 0), ("Grüße", 1)])
def test_a_conversation_stays_in_its_partition(external_id: str, index: int) -> None:
    """These indexes are written down in stores out there: crc32 of the UTF-8 text, modulo 4."""
    assert partition_of("support", external_id, 4) == Partition("support", index)


@given(external_id=st.text(st.characters(exclude_categories=["Cs"])), partitions=st.integers(1, 256))
def test_every_conversation_has_a_partition_that_exists(external_id: str, partitions: int) -> None:
    """Whatever the id, the index is one of the service's."""
    assert 0 <= partition_of("support", external_id, partitions).index < partitions


def test_conversations_spread() -> None:
    """A thousand conversations leave no partition empty."""
    indexes = {partition_of("support", f"c-{number}", 16).index for number in range(1000)}
    assert indexes == set(range(16))
