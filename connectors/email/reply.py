"""Reply: what is new in a text, without the quote it answers and without its signature.

The quote's introduction is found by a library in the languages it knows, and in every other one by what
stands around it. Cutting too little shows an agent a quote; cutting too much would hide the customer's
words. So a quote that is answered in between stays, and where nothing would be left the whole text is
shown.
"""

import re
from itertools import takewhile

import quotequail

# The library's time is cubic in the length of a line at worst, and no introduction is longer.
_LINES, _COLUMNS = 500, 160
# RFC 3676, section 4.3: two hyphens and a space, which many programs take away.
_SIGNATURE = "--"
_INTRODUCTION_LINES = 2
# Every introduction that the library knows ends in one of these. It tries forty expressions on each line,
# which takes four times as long as all else that is done with a mail, so it sees only what may be one.
_ENDINGS = (":", ">", "-", "_")
# What must be there to take a block of headers for one: fewer of them may be a form that somebody filled in.
_HEADERS = frozenset({"text_top", "text", "from", "date", "subject"})
_HEADER = re.compile(r"[>\s]*\*?[-\w ]+:")
_FEWEST_HEADERS = 3


def new_text(text: str) -> str:
    """Return the new part of a text, or all of it if none of it is new. Lines end in LF."""
    if not any(sign in text for sign in _ENDINGS):
        # Each quote and signature has one of these: to look for characters is much quicker than line by line.
        return text.strip() or text
    return _new_part(text)


def _new_part(text: str) -> str:
    lines = text.split("\n")
    kept = _without_signature(_without_trailing_quote(lines[: _quote_begins(lines)]))
    fresh = "\n".join(kept).strip()
    return fresh if any(line.strip() and not _is_quoted(line) for line in kept) else text


def _quote_begins(lines: list[str]) -> int:
    """Return the number of the line that introduces the quote, so many lines as there are for none."""
    looked_at = [line[:_COLUMNS] for line in lines[:_LINES]]
    for ends, line in enumerate(looked_at):
        if line.rstrip().endswith(_ENDINGS):
            first = max(ends - _INTRODUCTION_LINES + 1, 0)
            around = looked_at[first : ends + 1]
            divided = quotequail.quote("\n".join(around), limit=len(around) + 1, quote_intro_line=True)
            if len(divided) > 1:
                return ends + 1 - len(divided[1][1].split("\n"))
    # Outlook introduces a quote by headers alone, in the reader's language.
    if sum(_HEADER.match(line) is not None for line in looked_at if ":" in line) >= _FEWEST_HEADERS:
        wrapped = quotequail.unwrap("\n".join(looked_at)) or {}
        if wrapped.keys() >= _HEADERS:
            return len(wrapped["text_top"].split("\n"))
    return len(lines)


def _without_trailing_quote(lines: list[str]) -> list[str]:
    """Return the lines before the quote at the end, and before what introduces it in whatever language."""
    kept = list(lines)
    _strip(kept)
    if not kept or not _is_quoted(kept[-1]):
        return lines
    while kept and (_is_quoted(kept[-1]) or not kept[-1].strip()):
        kept.pop()
    if kept and kept[-1].rstrip().endswith((":", "\uff1a")):
        introduction = list(takewhile(str.strip, reversed(kept)))
        del kept[-min(len(introduction), _INTRODUCTION_LINES) :]
    return kept


def _without_signature(lines: list[str]) -> list[str]:
    """Return the lines before the one that begins the signature."""
    for at, line in enumerate(lines):
        if line.startswith(_SIGNATURE) and line.rstrip() == _SIGNATURE:
            return lines[:at]
    return lines


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")


def _strip(lines: list[str]) -> None:
    while lines and not lines[-1].strip():
        lines.pop()
