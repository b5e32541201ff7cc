"""Text: what a mail says, as a reader would see it, whole and without what it quotes."""

from dataclasses import dataclass
from email.message import Message

from connectors.email.characters import paragraphs
from connectors.email.html import readings
from connectors.email.reply import new_text
from connectors.email.structure import content, content_type, is_attached, parts_of

# Far more than any preview shows, and little enough to be tidied at once.
_CHARACTERS = 200_000
_PLAIN, _HTML = "text/plain", "text/html"


@dataclass(frozen=True, slots=True)
class Text:
    """What a mail says."""

    whole: str
    #: Without quotes and signature; the whole where nothing else would be left.
    new: str


def text_of(mail: Message) -> Text:
    """Return the beginning of the text: the plain one, or what the HTML reads like where there is none."""
    pieces = _pieces(mail, _CHARACTERS)
    whole = "\n\n".join(piece.whole for piece in pieces)
    new = "\n\n".join(piece.new for piece in pieces if piece.new)
    return Text(whole, new or whole)


def _pieces(part: Message, room: int) -> list[Text]:
    """Return the texts that a mail program would show one after the other; attachments are left out."""
    if is_attached(part) or room <= 0:
        return []
    kind = content_type(part)
    if kind == "multipart/alternative":
        return _best(part, room)
    if part.get_content_maintype() == "multipart":
        found: list[Text] = []
        for each in parts_of(part):
            found += _pieces(each, room - sum(len(piece.whole) for piece in found))
        return found
    if kind not in {_PLAIN, _HTML} or part.is_multipart():
        return []
    piece = _read(kind, content(part)[:room])
    return [piece] if piece.whole else []


def _best(part: Message, room: int) -> list[Text]:
    """Return the first of the alternatives that says something, the plain one before the others."""
    choices = sorted(parts_of(part), key=lambda each: content_type(each) != _PLAIN)
    return next(filter(None, (_pieces(each, room) for each in choices)), [])


def _read(kind: str, text: str) -> Text:
    if kind == _PLAIN:
        whole = paragraphs(text)
        return Text(whole, new_text(whole))
    page, unquoted = map(paragraphs, readings(text))
    return Text(page, new_text(unquoted) or page)
