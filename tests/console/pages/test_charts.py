"""Counts become shapes that fit their frame, and words for whoever cannot see them."""

import pytest

from console.pages.charts import HEIGHT, WIDTH, Series, chart, nice


@pytest.mark.parametrize(
    ("value", "top"), [(1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (101, 200), (5000, 5000)]
)
def test_the_scale_ends_at_a_round_number(value: int, top: int) -> None:
    """The next of 1, 2, 5 in each power of ten."""
    assert nice(value) == top


def test_a_drawing_fits_its_frame() -> None:
    """The largest value reaches its share of the height; nothing leaves the frame."""
    drawn = chart(
        Series("came in", (0, 5, 10)),
        Series("delivered", (0, 5, 9)),
        Series("failed", (0, 0, 1)),
        moments=("2 min ago", "1 min ago", "now"),
    )
    assert drawn.top == 10
    assert [bar.height for bar in drawn.bars] == [HEIGHT / 2, HEIGHT]
    assert [bar.y for bar in drawn.bars] == [HEIGHT / 2, 0]
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH for bar in (*drawn.bars, *drawn.failures))
    assert drawn.line == "100.0,120.0 300.0,60.0 500.0,12.0"  # the middle of each slot
    assert [slot.width for slot in drawn.slots] == [WIDTH / 3] * 3


def test_a_drawing_is_told_in_words() -> None:
    """As a whole, and each slot by itself."""
    drawn = chart(
        Series("came in", (1, 2)),
        Series("delivered", (1, 1)),
        Series("failed", (0, 1)),
        moments=("before", "now"),
    )
    assert drawn.told == "came in 3, delivered 2, failed 1"
    assert [slot.told for slot in drawn.slots] == [
        "before: came in 1, delivered 1, failed 0",
        "now: came in 2, delivered 1, failed 1",
    ]


def test_what_is_there_can_be_seen_and_what_is_not_is_not_drawn() -> None:
    """One among a million has a bar; nothing has none."""
    drawn = chart(
        Series("came in", (1_000_000, 1)),
        Series("delivered", (0, 0)),
        Series("failed", (0, 0)),
        moments=("a", "b"),
    )
    assert len(drawn.bars) == 2
    assert drawn.bars[1].height > 1
    assert drawn.failures == ()
