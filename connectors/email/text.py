"""Text: what a mail says, as a reader would see it."""

from email.message import Message

from inscriptis import get_text

from connectors.email.characters import paragraphs
from connectors.email.structure import content, inline_parts

# Far more than any preview shows, and little enough to be tidied at once.
_CHARACTERS = 200_000


def readable(mail: Message) -> str:
    """Return the beginning of the text: the plain one, or what the HTML reads like if that is empty."""
    written: dict[str, str] = {}
    for part in inline_parts(mail):
        kind = part.get_content_type()
        if kind in {"text/plain", "text/html"} and kind not in written:
            written[kind] = content(part)[:_CHARACTERS]
    plain = paragraphs(written.get("text/plain", ""))
    return plain or paragraphs(_from_html(written.get("text/html", "")))


def _from_html(html: str) -> str:
    try:
        rendered: str = get_text(html)
    except Exception:  # noqa: BLE001 - HTML of strangers: the mail matters more than its preview
        return ""
    return rendered
