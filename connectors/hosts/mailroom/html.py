"""HTML of a stranger, made harmless by allow-lists, and without pictures from elsewhere.

It is read twice. First by libxml2, which takes little time for anything, finds what is too deep, and writes
every element properly closed. Then by ammonia, whose word is final: it reads as browsers do, but would take
minutes for elements that overlap by the thousand.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Final

import nh3
from lxml import etree
from lxml.html import document_fromstring, tostring

from connectors.email.html import is_deep

#: HTML beyond this, in characters, is not shown as HTML; nor are elements deeper than this.
CHARACTERS: Final = 500_000
DEPTH: Final = 150

_TAGS: Final = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
_SIZES: Final = {"align", "bgcolor", "height", "valign", "width"}
_ATTRIBUTES: Final = {
    "*": {"dir", "lang", "style", "title"},
    "a": {"href"},
    "col": {"span", *_SIZES},
    "font": {"color", "face", "size"},
    "img": {"alt", "height", "src", "width"},
    "ol": {"start", "type"},
    "table": {"border", "cellpadding", "cellspacing", *_SIZES},
    "td": {"colspan", "rowspan", *_SIZES},
    "th": {"colspan", "rowspan", *_SIZES},
    "tr": _SIZES,
}
# None that fetches, places itself over other things, or leaves its own box.
_STYLES: Final = {
    "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left",
    "border-radius", "border-right", "border-spacing", "border-style", "border-top", "border-width",
    "color", "direction", "font-family", "font-size", "font-style", "font-variant", "font-weight",
    "height", "letter-spacing", "line-height", "max-width", "min-width", "padding", "padding-bottom",
    "padding-left", "padding-right", "padding-top", "text-align", "text-decoration", "text-indent",
    "text-transform", "vertical-align", "white-space", "width", "word-break", "word-spacing", "word-wrap",
}  # fmt: skip
_CLEANER: Final = nh3.Cleaner(
    tags=set(_TAGS),
    attributes=_ATTRIBUTES,
    filter_style_properties=_STYLES,
    url_schemes={"http", "https", "mailto", "tel", "cid"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)
# As ammonia writes it: every value in double quotes, every double quote in a value escaped.
_IMAGE: Final = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_ATTRIBUTE: Final = re.compile(r' ([a-z]+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Cleaned:
    """HTML that may be shown."""

    html: str = field(repr=False)
    #: How many pictures from elsewhere were left out.
    left_out: int


def clean(html: str, pictures: Mapping[str, str]) -> Cleaned | None:
    """Return HTML that may be shown, None for what is too large, too deep or says nothing.

    Args:
        html: What the sender wrote.
        pictures: The mail's own pictures as `data:` URLs, by their Content-ID without brackets.
    """
    if len(html) > CHARACTERS:
        return None
    closed = _closed(html)
    if closed is None:
        return None
    left_out = 0

    def picture(found: re.Match[str]) -> str:
        nonlocal left_out
        attributes = {name: unescape(value) for name, value in _ATTRIBUTE.findall(found[1])}
        source = attributes.pop("src", "")
        if source.lower().startswith("cid:") and source[4:] in pictures:
            attributes["src"] = pictures[source[4:]]
        else:
            left_out += source.lower().startswith("http")
            return escape(attributes.get("alt", ""))
        written = (f' {name}="{escape(value)}"' for name, value in attributes.items())
        return f"<img{''.join(written)}>"

    shown = _IMAGE.sub(picture, _CLEANER.clean(closed)).strip()
    return Cleaned(shown, left_out) if shown else None


def _closed(html: str) -> str | None:
    try:
        page = document_fromstring(html)
        if is_deep(page, DEPTH):
            return None
        written: str = tostring(page, encoding="unicode", method="html")
    except (etree.LxmlError, ValueError):  # nothing is in it
        return None
    return written
