"""Where a log-in may lead."""

import pytest

from console.returning import safe_return


@pytest.mark.parametrize("wanted", ["/", "/letters", "/letters?cause=rejected&page=2", "/a//b", "/x#y"])
def test_our_own_pages_may_be_wanted(wanted: str) -> None:
    """With their queries."""
    assert safe_return(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "letters",
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\x00//evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "/\uff45",
        "/login",
        "/login?next=/login",
        "/" + "x" * 2000,
    ],
)
def test_anything_else_leads_to_the_first_page(wanted: str) -> None:
    """Whatever a browser might read as another host."""
    assert safe_return(wanted) == "/"
