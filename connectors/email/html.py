"""HTML: what a page in a mail reads like, whole and without the quotes that mail programs mark in it."""

from collections.abc import Iterator
from typing import Any

from inscriptis import Inscriptis
from lxml import etree
from lxml.html import HTMLParser, document_fromstring

#: Elements that hold a quote, as the programs write them: XPath, relative to the page.
QUOTES = (
    "//blockquote[@type='cite']",  # Apple Mail, Thunderbird
    "//*[contains(concat(' ', @class, ' '), ' gmail_quote ')]",
    "//*[contains(concat(' ', @class, ' '), ' gmail_quote_container ')]",
    "//*[contains(concat(' ', @class, ' '), ' moz-cite-prefix ')]",  # Thunderbird's introduction
    "//*[contains(concat(' ', @class, ' '), ' yahoo_quoted ')]",
    "//*[contains(concat(' ', @class, ' '), ' protonmail_quote ')]",
    "//*[contains(concat(' ', @class, ' '), ' gmail_signature ')]",
    "//*[@id='mail-editor-reference-message-container']",  # Outlook for Mac
)
#: Elements with which a quote begins that ends with the page.
BEGINNINGS = ("//*[@id='divRplyFwdMsg']", "//*[@id='appendonsend']")  # Outlook

# Elements deeper than this are nobody's mail; the renderer calls itself for each.
_DEPTH = 200


def readings(html: str) -> tuple[str, str]:
    """Return what a page reads like, whole and without quotes; both are empty for what is no HTML."""
    try:
        # As bytes, because text that declares a charset is refused.
        page = document_fromstring(html.encode("utf-8", "replace"), parser=HTMLParser(encoding="utf-8"))
        if is_deep(page, _DEPTH):
            return page.text_content(), page.text_content()
        whole = _rendered(page)
        return whole, _rendered(page) if _without_quotes(page) else whole
    except Exception:  # noqa: BLE001 - HTML of strangers: the mail matters more than its preview
        return "", ""


def _rendered(page: Any) -> str:  # noqa: ANN401 - lxml has no types
    text: str = Inscriptis(page).get_text()
    return text


def is_deep(page: Any, limit: int) -> bool:  # noqa: ANN401 - as above
    """Say whether elements stand more than so many inside one another."""
    depth = 0
    for event, _ in etree.iterwalk(page, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > limit:
            return True
    return False


def _without_quotes(page: Any) -> bool:  # noqa: ANN401 - as above
    """Take the quotes out of a page; return whether there were any."""
    found = [*_found(page, QUOTES), *_to_the_end(page)]
    for element in found:
        if element.getparent() is not None:
            element.drop_tree()
    return bool(found)


def _found(page: Any, paths: tuple[str, ...]) -> Iterator[Any]:  # noqa: ANN401 - as above
    for path in paths:
        yield from page.xpath(path)


def _to_the_end(page: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
    for beginning in _found(page, BEGINNINGS):
        yield from beginning.itersiblings()
        yield beginning
