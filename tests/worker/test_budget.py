"""The budget of user data."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from worker.budget import BUDGET_BYTES, MARKER, cut, fit
from worker.errors import UserDataRefused

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def test_what_fits_is_left_alone() -> None:
    """User data within the budget is not touched."""
    user_data: dict[str, JsonValue] = {"a": "x" * 100, "b": 1, "c": [True, None]}
    assert fit(user_data) == user_data


def test_the_longest_are_cut_to_one_length() -> None:
    """Strings over the common level are cut to it and marked; shorter ones are left whole."""
    fitted = fit({"long": "a" * 900, "longer": "b" * 9000, "short": "c" * 50}, limit=400)
    assert fitted["short"] == "c" * 50
    assert len(str(fitted["long"])) == len(str(fitted["longer"]))
    assert str(fitted["long"]).endswith("a" + MARKER)
    assert 390 <= len(orjson.dumps(fitted)) <= 400


def test_strings_inside_are_cut_as_well() -> None:
    """Strings in lists and objects count and are cut like any other."""
    fitted = fit({"a": ["x" * 500, 7], "b": {"c": "y" * 500}}, limit=200)
    assert len(orjson.dumps(fitted)) <= 200
    assert isinstance(fitted["a"], list)
    assert fitted["a"][1] == 7


@pytest.mark.parametrize("user_data", [{"a": list(range(9000))}, {"a": ["word"] * 9000}, {"k" * 16_000: ""}])
def test_what_cannot_be_shortened_is_refused(user_data: dict[str, object]) -> None:
    """Too many values, or names too long, cannot be made to fit."""
    with pytest.raises(UserDataRefused):
        fit(user_data)  # type: ignore[arg-type]  # JSON all the same


@given(
    st.dictionaries(st.text(st.characters(codec="ascii"), max_size=9), TEXTS, max_size=9),
    st.integers(400, 2000),
)
def test_the_result_is_always_within_the_budget(user_data: dict[str, str], limit: int) -> None:
    """Whatever the strings are made of, the result fits, says the same twice, and only beginnings remain."""
    fitted = fit(user_data, limit=limit)
    assert len(orjson.dumps(fitted)) <= limit
    assert fitted == fit(user_data, limit=limit)
    for name, value in fitted.items():
        assert value == user_data[name] or user_data[name].startswith(str(value).removesuffix(MARKER))


def test_there_is_room_for_the_marks() -> None:
    """A create's own marks, at their longest, fit beside the budget into 16,000 bytes."""
    marks = {"x" * 32 + "fingerprint": "f" * 16, "x" * 32 + "key": "k" * 500}
    assert BUDGET_BYTES + len(orjson.dumps(marks)) <= 16_000


def test_cutting_by_characters() -> None:
    """A text is cut to a number of characters, the marker included."""
    assert cut("short", 10) == "short"
    assert cut("a rather long text", 12) == "a rather […]"
    assert len(cut("x" * 99, 12)) == 12
