"""The beginning of whatever somebody sent."""

from console.pages.preview import preview


def test_text_is_shown_as_text() -> None:
    """Up to a limit, with how much more there is."""
    assert preview("Grüße\r\nJo".encode()) == "Grüße\nJo"
    assert preview(b"x" * 4010).endswith("\n… and 10 characters more")


def test_anything_else_is_shown_in_hex() -> None:
    """As bytes and, where they can be read, as characters."""
    assert preview(b"\xff\xfeAB") == "000000  ff fe 41 42                                      ..AB"
    assert preview(b"a\0b").startswith("000000  61 00 62")
    assert preview(b"\xff" * 600).endswith("\n… and 88 bytes more")
