"""Tables that the bench writes into documents stand where the document has a place for them."""

from pathlib import Path

import pytest

from bench.report import between

ROOT = Path(__file__).parents[2]


def test_what_stands_between_the_markers_is_replaced(tmp_path: Path) -> None:
    """Once and again, and nothing else changes."""
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- x: begin, written by the bench -->\n<!-- x: end -->\nafter\n")
    for text in ("first\n", "second\n"):
        between(page, "x", text)
        told = f"before\n<!-- x: begin, written by the bench -->\n{text}<!-- x: end -->\nafter\n"
        assert page.read_text() == told


def test_a_document_without_a_place_is_refused(tmp_path: Path) -> None:
    """The error names what is missing."""
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    with pytest.raises(ValueError, match="has no place marked 'x'"):
        between(page, "x", "text")


@pytest.mark.parametrize(("document", "name"), [("README.md", "bench"), ("docs/scaling.md", "scaling")])
def test_our_documents_have_their_places(document: str, name: str, tmp_path: Path) -> None:
    """What `make bench` writes finds its place."""
    copy = tmp_path / "copy.md"
    copy.write_text((ROOT / document).read_text(encoding="utf-8"), encoding="utf-8")
    between(copy, name, "here\n")
    assert "here" in copy.read_text(encoding="utf-8")
