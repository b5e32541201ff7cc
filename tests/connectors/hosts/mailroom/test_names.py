"""What a stranger called a file is safe in a header and on a disk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hosts.mailroom.names import content_type, disposition, file_name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Rechnung 4711.pdf", "Rechnung 4711.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Temp\\x.exe", "x.exe"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ('"a";b.txt', "_a__b.txt"),
        (".htaccess", "htaccess"),
        ("CON.txt", "_CON.txt"),
        ("", "attachment-3.pdf"),
        ("...", "attachment-3.pdf"),
        ("x" * 300 + ".docx", "x" * 115 + ".docx"),
        ("x" * 300, "x" * 120),
    ],
)
def test_names_are_made_fit(written: str, name: str) -> None:
    """Folders, control characters, reversed text and devices are gone; the extension stays."""
    assert file_name(written, number=3, kind="application/pdf") == name


def test_a_nameless_file_of_another_kind_is_bytes() -> None:
    """Its sender's type names no extension."""
    assert file_name("", number=1, kind="text/html") == "attachment-1.bin"


def test_few_types_are_told() -> None:
    """What a browser would run is bytes."""
    assert content_type("image/png") == "image/png"
    for kind in ("text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/javascript"):
        assert content_type(kind) == "application/octet-stream"


def test_both_writings_of_a_name_stand_in_the_header() -> None:
    """For old browsers in ASCII, for all others as it is (RFC 6266)."""
    assert (
        disposition("Grüße.pdf") == "attachment; filename=\"Gr__e.pdf\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.pdf"
    )


@given(st.text(max_size=300))
def test_no_name_breaks_the_header(written: str) -> None:
    """Whatever it is, the header is one line of ASCII with two double quotes."""
    header = disposition(file_name(written, number=1, kind="text/plain"))
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert "\\" not in header
    assert "/" not in header
