"""Encoded words (RFC 2047): `=?charset?b?…?=` in headers, decoded as mail programs in the wild need it.

The standard library raises for broken ones; here what cannot be decoded stays as it stands.
"""

import binascii
import quopri
import re

from connectors.email.charset import decode

_WORD = re.compile(r"=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bqBQ])\?([^?]*)\?=")


def decode_words(text: str) -> str:
    """Return the text with its encoded words decoded; white space between two of them is left out."""
    pieces: list[str] = []
    charset, pending = "", b""
    end = 0
    for word in _WORD.finditer(text):
        between = text[end : word.start()]
        data = _bytes(word[2].lower(), word[3])
        # Some senders cut inside a character: neighbours of one charset are joined before they are decoded.
        if between.strip() or not pending or word[1].lower() != charset:
            pieces.append(decode(pending, charset))
            pieces.append(between if between.strip() or not pending else "")
            charset, pending = word[1].lower(), b""
        pending += data
        end = word.end()
    return "".join((*pieces, decode(pending, charset), text[end:]))


def _bytes(encoding: str, written: str) -> bytes:
    data = written.encode("utf-8", "replace")
    if encoding == "q":
        return quopri.decodestring(data, header=True)
    try:
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4))
    except binascii.Error:
        return data
