"""Whatever a mail is made of, it becomes a command, a note or a kept letter: nothing escapes or is lost.

Two hundred mails that somebody, somewhere, has sent or will send. Each stands for a way in which mail is
wrong, hostile or merely unusual; the large ones are made here. Beside some stands what an agent must see.
"""

import asyncio
import base64
import os
import random
import time
import unicodedata
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING

import orjson
import pytest

from connectors.base import Answered, UnreadableDelivery
from connectors.email.message import parse
from connectors.reception import receive
from worker.commands import Create

if TYPE_CHECKING:
    from tests.connectors.conftest import RecordingDoor, Settled

#: What a mail may become, and what of its user data is looked at.
Nasty = tuple[bytes, Mapping[str, str]]
#: Seconds of the processor that one mail may take.
PATIENCE_S = 15

HEAD = b"From: Ada <ada@example.org>\nTo: support@example.com\nMessage-ID: <m@x>\nSubject: s\n"


def headed(*lines: bytes, text: bytes = b"text") -> bytes:
    """Return a mail with further headers."""
    return HEAD + b"".join(line + b"\n" for line in lines) + b"\n" + text


def typed(content_type: bytes, text: bytes = b"text", *more: bytes) -> bytes:
    """Return a mail of a type."""
    return headed(b"MIME-Version: 1.0", b"Content-Type: " + content_type, *more, text=text)


def mixed(*parts: bytes, kind: bytes = b"mixed", end: bytes = b"--b--\n") -> bytes:
    """Return a mail of parts."""
    body = b"".join(b"--b\n" + part + b"\n" for part in parts)
    return typed(b"multipart/" + kind + b"; boundary=b", body + end)


def nested(depth: int) -> bytes:
    """Return parts inside parts, built from the outside so that it takes no time to build."""
    heads = b"".join(
        b"Content-Type: multipart/mixed; boundary=l%d\n\n--l%d\n" % (level, level) for level in range(depth)
    )
    return HEAD + heads + b"\ncore\n" + b"".join(b"--l%d--\n" % level for level in reversed(range(depth)))


PNG = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo="

#: Headers: missing, doubled, folded, 8-bit, absurd.
HEADERS: Mapping[str, Nasty] = {
    "nothing": (b"", {}),
    "one-lf": (b"\n", {}),
    "one-crlf": (b"\r\n", {}),
    "one-byte": (b"\0", {}),
    "only-headers": (b"Subject: s", {"Subject": "s", "Preview": ""}),
    "only-text": (b"just words, no header at all", {}),
    "colon-first": (b": x\n\ntext", {}),
    "no-colon": (b"Subject s\nFrom x\n\ntext", {}),
    "space-before-colon": (b"Subject : s\n\ntext", {}),
    "header-starts-with-space": (b" Subject: s\nSubject: t\n\ntext", {}),
    "mbox-from-line": (b"From ada@example.org Mon Nov 23 08:00:00 2026\n" + headed(), {"Subject": "s"}),
    "escaped-from": (headed(text=b">From here on\ntext"), {}),
    "two-subjects": (headed(b"Subject: second"), {"Subject": "s"}),
    "two-froms": (headed(b"From: eve@evil.example"), {"FromAddress": "ada@example.org"}),
    "two-ids": (headed(b"Message-ID: <other@x>"), {"MessageId": "m@x"}),
    "two-dates": (headed(b"Date: Mon, 23 Nov 2026 08:00:00 +0000", b"Date: x"), {}),
    "no-from": (b"Subject: s\n\ntext", {"FromAddress": "", "FromName": ""}),
    "empty-from": (b"From:\n\ntext", {"FromAddress": ""}),
    "from-without-address": (b"From: Ada\n\ntext", {"FromAddress": "Ada"}),
    "from-group": (b"From: Friends: a@example.org, b@example.org;\n\n", {"FromAddress": "a@example.org"}),
    "from-empty-group": (b"From: Undisclosed:;\n\ntext", {"FromAddress": ""}),
    "to-undisclosed": (b"To: undisclosed-recipients:;\n\ntext", {"ToAddress": ""}),
    "from-brackets": (b"From: <<<ada@example.org>>>\n\ntext", {}),
    "from-quotes": (b'From: "Ada \\"the\\" <x@y>" <ada@example.org>\n\n', {"FromAddress": "ada@example.org"}),
    "from-open-quote": (b'From: "Ada <ada@example.org>\n\ntext', {}),
    "from-comment": (b"From: (a (nested) comment) ada@example.org\n\n", {"FromAddress": "ada@example.org"}),
    "from-open-comments": (b"From: " + b"(" * 3000 + b"\n\ntext", {}),
    "from-many-commas": (b"From: " + b"," * 3900 + b"\n\ntext", {}),
    "from-route": (b"From: <@a,@b:ada@example.org>\n\ntext", {}),
    "from-two-ats": (b"From: ada@evil.example@example.org\n\ntext", {}),
    "from-unicode-address": ("From: Jürgen <jürgen@bücher.example>\n\ntext".encode(), {"FromName": "Jürgen"}),
    "from-nul": (b"From: A\0da <ada\0@example.org>\n\ntext", {"FromName": "Ada"}),
    "from-lone-surrogate": (b"From: \xed\xa0\x80 <a@example.org>\n\ntext", {}),
    "from-bidi": ("From: \u202egro.elpmaxe\u202c <a@example.org>\n\ntext".encode(), {}),
    "thousand-recipients": (b"To: " + b", ".join(b"u%d@example.org" % n for n in range(1000)) + b"\n\n", {}),
    "folded-subject": (b"Subject: one\n two\n\tthree\n\ntext", {"Subject": "one two three"}),
    "folded-by-nothing": (b"Subject:\n \n \n s\n\ntext", {}),
    "subject-8-bit-utf8": ("Subject: Grüße\n\ntext".encode(), {"Subject": "Grüße"}),
    "subject-8-bit-latin1": (b"Subject: Gr\xfc\xdfe\n\ntext", {"Subject": "Grüße"}),
    "subject-encoded": (b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\n\ntext", {"Subject": "Grüße"}),
    "subject-cut-character": (b"Subject: =?utf-8?b?R3LD?= =?utf-8?b?vMOfZQ==?=\n\n", {"Subject": "Grüße"}),
    "subject-bad-base64": (b"Subject: =?utf-8?b?!!!?=\n\ntext", {}),
    "subject-unknown-charset": (b"Subject: =?x-klingon?q?abc?=\n\ntext", {"Subject": "abc"}),
    "subject-lying-charset": (b"Subject: =?us-ascii?q?Gr=FC=DFe?=\n\ntext", {"Subject": "Grüße"}),
    "subject-empty-word": (b"Subject: =?utf-8?q??=\n\ntext", {"Subject": ""}),
    "subject-open-word": (b"Subject: =?utf-8?q?abc\n\ntext", {"Subject": "=?utf-8?q?abc"}),
    "subject-encoded-newline": (b"Subject: =?utf-8?q?a=0D=0ABcc:_x?=\n\ntext", {"Subject": "a Bcc: x"}),
    "subject-encoded-nul": (b"Subject: =?utf-8?q?a=00b?=\n\ntext", {"Subject": "ab"}),
    "subject-escape": (b"Subject: \x1b[31mred\x07\n\ntext", {"Subject": "[31mred"}),
    "subject-a-megabyte": (b"Subject: " + b"x" * 1_000_000 + b"\n\ntext", {"Preview": "text"}),
    "subject-a-megabyte-folded": (b"Subject: x" + b"\n x" * 300_000 + b"\n\ntext", {"Preview": "text"}),
    "subject-of-words": (b"Subject: " + b"=?utf-8?q?a?= " * 5000 + b"\n\ntext", {}),
    "name-of-a-megabyte": (b"X" * 1_000_000 + b": x\nSubject: s\n\ntext", {}),
    "hundred-thousand-headers": (b"X: y\n" * 100_000 + b"\ntext", {"Preview": "text"}),
    "hundred-thousand-received": (b"Received: x\n" * 100_000 + headed(), {}),
    "no-date": (headed(), {"SentAt": ""}),
    "date-nonsense": (headed(b"Date: yesterday"), {"SentAt": ""}),
    "date-empty": (headed(b"Date:"), {"SentAt": ""}),
    "date-future": (headed(b"Date: Mon, 01 Jan 2990 00:00:00 +0000"), {"SentAt": "2990-01-01T00:00:00Z"}),
    "date-before-mail": (headed(b"Date: Mon, 01 Jan 1900 00:00:00 +0000"), {"SentAt": ""}),
    "date-year-10000": (headed(b"Date: Mon, 01 Jan 99999 00:00:00 +0000"), {"SentAt": ""}),
    "date-zone-absurd": (headed(b"Date: Mon, 23 Nov 2026 08:00:00 +9999"), {}),
    "date-hour-25": (headed(b"Date: Mon, 23 Nov 2026 25:00:00 +0000"), {"SentAt": ""}),
    "date-february-30": (headed(b"Date: Mon, 30 Feb 2026 08:00:00 +0000"), {"SentAt": ""}),
    "date-digits": (headed(b"Date: " + b"9" * 3000), {"SentAt": ""}),
    "no-id": (b"Subject: t\n\ntext", {"MessageId": ""}),
    "id-empty": (b"Message-ID: <>\n\ntext", {"MessageId": ""}),
    "id-no-brackets": (b"Message-ID: m@x\n\ntext", {"MessageId": "m@x"}),
    "id-two-in-one": (b"Message-ID: <m@x> <n@x>\n\ntext", {"MessageId": "m@x"}),
    "id-folded": (b"Message-ID:\n <m\n @x>\n\ntext", {"MessageId": "m@x"}),
    "id-8-bit": (b"Message-ID: <\xff\xfe@x>\n\ntext", {}),
    "id-nul": (b"Message-ID: <m\0@x>\n\ntext", {"MessageId": "m@x"}),
    "id-long": (b"Message-ID: <" + b"m" * 100_000 + b"@x>\n\ntext", {}),
    "id-outlook-brackets": (b"Message-ID: <[m@x]>\n\ntext", {}),
    "references-self": (headed(b"References: <m@x> <m@x>"), {"ThreadId": "m@x"}),
    "references-prose": (headed(b"In-Reply-To: Your mail of Monday"), {}),
    "references-megabyte": (headed(b"References: " + b"<r@x> " * 200_000), {"ThreadId": "r@x"}),
    "references-open": (headed(b"References: <a <b <c"), {}),
    "header-with-nul": (b"Sub\0ject: s\n\ntext", {}),
    "header-only-cr": (b"Subject: s\rTo: t\r\rtext", {"Subject": "s"}),
    "content-type-empty": (typed(b""), {}),
    "content-type-nonsense": (typed(b"nonsense"), {"Preview": "text"}),
    "content-type-slash": (typed(b"/"), {"Preview": "text"}),
    "content-type-two": (headed(b"Content-Type: text/plain", b"Content-Type: text/html"), {}),
    "content-type-params": (typed(b"text/plain" + b";a=b" * 900), {"Preview": "text"}),
    "content-type-rfc2231": (typed(b"text/plain; charset*0*=utf''; charset*1=-8"), {}),
    "content-type-rfc2231-gaps": (typed(b"text/plain; name*5=x; name*1=y; name*99999999999=z"), {}),
    "content-type-rfc2231-nul": (typed(b"text/plain; charset*=utf\0-8'en'x"), {}),
    "disposition-nonsense": (headed(b"Content-Disposition: ;;;===\0"), {}),
    "transfer-encoding-nonsense": (headed(b"Content-Transfer-Encoding: \0\xff"), {}),
    "null-sender-report": (headed(b"Return-Path: <>", b"Auto-Submitted: no"), {"MailClass": ""}),
}

#: Bodies: charsets, encodings, line ends, sizes.
BODIES: Mapping[str, Nasty] = {
    "charset-unknown": (typed(b"text/plain; charset=x-klingon", "Grüße".encode()), {"Preview": "Grüße"}),
    "charset-lying": (typed(b"text/plain; charset=utf-8", b"Gr\xfc\xdfe"), {}),
    "charset-ascii-lying": (typed(b"text/plain; charset=us-ascii", "Grüße".encode()), {"Preview": "Grüße"}),
    "charset-utf16-no-bom": (typed(b"text/plain; charset=utf-16", "hi".encode("utf-16-le")), {}),
    "charset-utf7": (typed(b"text/plain; charset=utf-7", b"Gr+APwA3w-e"), {}),
    "charset-idna": (typed(b"text/plain; charset=idna", b"x" * 5000), {}),
    "charset-base64-codec": (typed(b"text/plain; charset=base64", b"dGV4dA=="), {}),
    "charset-zlib": (typed(b"text/plain; charset=zlib", b"x\x9cKLJ\x06\x00\x02M\x01'"), {}),
    "charset-rot13": (typed(b"text/plain; charset=rot13", b"grkg"), {}),
    "charset-undefined": (typed(b"text/plain; charset=undefined"), {"Preview": "text"}),
    "charset-unicode-escape": (typed(b"text/plain; charset=unicode_escape", b"\\x00\\ud800"), {}),
    "charset-path": (typed(b'text/plain; charset="../../etc/passwd"'), {"Preview": "text"}),
    "charset-long": (typed(b"text/plain; charset=" + b"x" * 3000), {"Preview": "text"}),
    "charset-koi8": (typed(b"text/plain; charset=koi8-r", b"\xf4\xc5\xcb\xd3\xd4"), {"Preview": "Текст"}),
    "charset-gb2312-broken": (typed(b"text/plain; charset=gb2312", b"\xb0\xff\xff"), {}),
    "charset-iso2022-broken": (typed(b"text/plain; charset=iso-2022-jp", b"\x1b$B\x1b$B\xff"), {}),
    "base64-no-padding": (headed(b"Content-Transfer-Encoding: base64", text=b"dGV4dA"), {"Preview": "text"}),
    "base64-garbage-inside": (
        headed(b"Content-Transfer-Encoding: base64", text=b"dG!!V4\ndA=="),
        {"Preview": "text"},
    ),
    "base64-one-character": (headed(b"Content-Transfer-Encoding: base64", text=b"d"), {}),
    "base64-not-at-all": (headed(b"Content-Transfer-Encoding: base64", text=b"@@@@"), {}),
    "base64-then-text": (headed(b"Content-Transfer-Encoding: base64", text=b"dGV4dA==\n\nfooter!"), {}),
    "base64-8-bit": (headed(b"Content-Transfer-Encoding: base64", text=b"\xff\xfe\xfd"), {}),
    "qp-broken": (headed(b"Content-Transfer-Encoding: quoted-printable", text=b"a=ZZ=\n=3"), {}),
    "qp-equals-only": (headed(b"Content-Transfer-Encoding: quoted-printable", text=b"=" * 5000), {}),
    "uuencode-broken": (headed(b"Content-Transfer-Encoding: x-uuencode", text=b"begin 644 x\n!!!"), {}),
    "uuencode-endless": (headed(b"Content-Transfer-Encoding: uuencode", text=b"M" * 9000), {}),
    "encoding-twice": (
        headed(b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: 7bit", text=b"dGV4dA=="),
        {"Preview": "text"},
    ),
    "encoded-multipart": (
        typed(b"multipart/mixed; boundary=b", b"LS1i", b"Content-Transfer-Encoding: base64"),
        {},
    ),
    "lines-cr": (headed(text=b"one\rtwo").replace(b"\n", b"\r"), {"Preview": "one\ntwo"}),
    "lines-crlf": (headed(text=b"one\ntwo").replace(b"\n", b"\r\n"), {"Preview": "one\ntwo"}),
    "lines-mixed": (headed(text=b"one\rtwo\nthree\r\nfour"), {"Preview": "one\ntwo\nthree\nfour"}),
    "lines-crcrlf": (headed(text=b"one\r\r\ntwo"), {}),
    "lines-unicode": (headed(text="one\u2028two\x85three".encode()), {"Preview": "one\ntwo\nthree"}),
    "line-of-ten-megabytes": (headed(text=b"x" * 10_000_000), {"PreviewTruncated": "true"}),
    "million-lines": (headed(text=b"\n" * 1_000_000 + b"x"), {}),
    "nul-bytes": (headed(text=b"te\0x\0t\0"), {"Preview": "text"}),
    "only-nul-bytes": (headed(text=b"\0" * 100_000), {"Preview": ""}),
    "control-characters": (headed(text=bytes(range(32))), {}),
    "all-bytes": (headed(text=bytes(range(256)) * 50), {}),
    "terminal-escapes": (headed(text=b"\x1b]0;title\x07\x1b[2J"), {"Preview": "]0;title[2J"}),
    "combining-characters": (headed(text=("a" + "\u0301" * 5000).encode()), {}),
    "bidi-override": (headed(text="\u202etxet".encode()), {}),
    "byte-order-mark": (headed(text=b"\xef\xbb\xbftext"), {"Preview": "text"}),
    "zero-width": (headed(text="\u200b\u200c\u200d".encode()), {}),
    "only-quote": (headed(text=b"> all\n> quoted"), {"Preview": "> all\n> quoted"}),
    "only-signature": (headed(text=b"-- \nAda"), {"Preview": "-- \nAda".replace(" \n", "\n")}),
    "quote-depth": (headed(text=b">" * 100_000), {}),
    "leading-dots": (headed(text=b".\n..\n"), {}),
    "thirty-megabytes": (headed(text=b"All work and no play.\n" * 1_500_000), {"PreviewTruncated": "true"}),
    "yenc": (headed(text=b"=ybegin line=128 size=4 name=x\n\x9e\x8f\xa2\x9e\n=yend size=4"), {}),
}

#: Parts: boundaries, nesting, attachments and the types that need care.
PARTS: Mapping[str, Nasty] = {
    "multipart-no-boundary": (typed(b"multipart/mixed"), {}),
    "multipart-empty-boundary": (typed(b'multipart/mixed; boundary=""'), {}),
    "multipart-never-begins": (typed(b"multipart/mixed; boundary=zzz"), {}),
    "multipart-never-ends": (mixed(b"\none", b"\ntwo", end=b""), {"Preview": "one\n\ntwo"}),
    "multipart-no-parts": (mixed(), {}),
    "multipart-charset-in-pieces": (typed(b"multipart/mixed; charset*0*=utf''; charset*1=-8", b"\xff"), {}),
    "multipart-empty-part": (mixed(b""), {}),
    "multipart-text-around": (
        typed(b"multipart/mixed; boundary=b", b"before\n--b\n\nin\n--b--\nafter"),
        {"Preview": "in"},
    ),
    "multipart-boundary-inside": (mixed(b"\none --b two"), {"Preview": "one --b two"}),
    "multipart-boundary-long": (typed(b"multipart/mixed; boundary=" + b"x" * 3000), {}),
    "multipart-boundary-spaces": (typed(b'multipart/mixed; boundary="a b "', b"--a b \n\nx\n--a b --"), {}),
    "multipart-boundary-regex": (typed(b'multipart/mixed; boundary="(.*)+"', b"--(.*)+\n\nx"), {}),
    "multipart-boundary-nul": (typed(b"multipart/mixed; boundary*=utf\0-8'en'b"), {}),
    "multipart-boundary-8-bit": (typed(b"multipart/mixed; boundary=\xff", b"--\xff\n\nx\n--\xff--"), {}),
    "multipart-same-boundary": (
        mixed(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--"),
        {},
    ),
    "multipart-encoded-base64": (
        typed(b"multipart/mixed; boundary=b", b"--b\n\nx\n--b--", b"Content-Transfer-Encoding: base64"),
        {},
    ),
    "multipart-digest": (mixed(b"\nSubject: x\n\none", kind=b"digest"), {}),
    "multipart-unknown": (mixed(b"\none", kind=b"x-unknown"), {"Preview": "one"}),
    "alternative-empty-plain": (
        mixed(b"\n \n", b"Content-Type: text/html\n\n<p>html", kind=b"alternative"),
        {"Preview": "html"},
    ),
    "alternative-attachments-only": (mixed(PNG, kind=b"alternative"), {"AttachmentCount": "1"}),
    "ten-thousand-parts": (mixed(*[b"\nx"] * 10_000), {}),
    "thousand-deep": (nested(1000), {}),
    "thousand-mails-deep": (HEAD + b"Content-Type: message/rfc822\n\n" * 1000, {}),
    "forty-deep": (nested(40), {"Preview": "core"}),
    "part-with-many-headers": (mixed(b"X: y\n" * 50_000 + b"\nx"), {}),
    "attached-name-crlf": (
        mixed(b"\nx", b'Content-Disposition: attachment; filename="a\r\n Bcc: x.pdf"\n\n'),
        {"AttachmentCount": "1"},
    ),
    "attached-name-encoded-crlf": (
        mixed(b"\nx", b"Content-Disposition: attachment; filename*=utf-8''a%0D%0Ab.pdf\n\n"),
        {"AttachmentNames": "a b.pdf"},
    ),
    "attached-name-path": (
        mixed(b"\nx", b'Content-Disposition: attachment; filename="../../../etc/passwd"\n\n'),
        {"AttachmentNames": "passwd"},
    ),
    "attached-name-dots": (
        mixed(b"\nx", b"Content-Disposition: attachment; filename=..\n\n"),
        {"AttachmentNames": "?"},
    ),
    "attached-name-nul": (
        mixed(b"\nx", b"Content-Disposition: attachment; filename*=''a%00.exe\n\n"),
        {"AttachmentNames": "a.exe"},
    ),
    "attached-name-bidi": (
        mixed(b"\nx", "Content-Disposition: attachment; filename=\u202efdp.exe\n\n".encode()),
        {},
    ),
    "attached-name-megabyte": (
        mixed(b"\nx", b"Content-Disposition: attachment; filename=" + b"n" * 1_000_000 + b"\n\n"),
        {"AttachmentCount": "1"},
    ),
    "attached-name-pieces": (
        mixed(b"\nx", b"Content-Disposition: attachment; filename*0*=utf-8''a%; filename*1=b\n\n"),
        {"AttachmentCount": "1"},
    ),
    "attached-thirty-megabytes": (
        mixed(
            b"\nx",
            b"Content-Type: application/x\nContent-Transfer-Encoding: base64\n\n"
            + base64.encodebytes(bytes(22_000_000)),
        ),
        {"Preview": "x", "AttachmentCount": "1"},
    ),
    "zip-bomb-stays-closed": (
        mixed(b"\nx", b"Content-Type: application/zip\nContent-Encoding: gzip\n\n\x1f\x8b\x08"),
        {"AttachmentCount": "1"},
    ),
    "only-an-attachment": (
        typed(b"application/pdf", b"%PDF", b"Content-Disposition: attachment; filename=a.pdf"),
        {"Preview": "", "AttachmentNames": "a.pdf"},
    ),
    "picture-in-html": (
        mixed(b"Content-Type: text/html\n\n<img src=cid:i>x", b"Content-ID: <i>\n" + PNG, kind=b"related"),
        {"AttachmentCount": "0", "Preview": "x"},
    ),
    "forwarded-mail": (
        mixed(b"\nsee below", b"Content-Type: message/rfc822\n\nSubject: The old one\n\nold"),
        {"Preview": "see below", "AttachmentNames": "The old one.eml"},
    ),
    "forwarded-mail-encoded": (
        mixed(b"\nx", b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA=="),
        {"AttachmentCount": "1"},
    ),
    "forwarded-nothing": (mixed(b"\nx", b"Content-Type: message/rfc822\n\n"), {"AttachmentCount": "1"}),
    "partial-mail": (typed(b"message/partial; id=x; number=1; total=2"), {}),
    "external-body": (typed(b"message/external-body; access-type=URL", b"Content-Type: text/plain\n\n"), {}),
    "winmail-dat": (
        mixed(b"\nx", b"Content-Type: application/ms-tnef; name=winmail.dat\n\n\x78\x9f\x3e\x22"),
        {"AttachmentNames": "winmail.dat"},
    ),
    "winmail-dat-alone": (typed(b"application/ms-tnef; name=winmail.dat", b"\x78\x9f"), {"Preview": ""}),
    "invitation": (
        mixed(b"\nCome", b"Content-Type: text/calendar; method=REQUEST; name=invite.ics\n\nBEGIN:VCALENDAR"),
        {"Preview": "Come", "AttachmentNames": "invite.ics"},
    ),
    "invitation-alone": (
        typed(b"text/calendar; method=REQUEST", b"BEGIN:VCALENDAR"),
        {"AttachmentCount": "1"},
    ),
    "contact-card": (mixed(b"\nx", b"Content-Type: text/x-vcard; name=a.vcf\n\nBEGIN:VCARD"), {}),
    "pgp-mime": (
        mixed(
            b"Content-Type: application/pgp-encrypted\n\nVersion: 1",
            b"Content-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN PGP MESSAGE-----",
            kind=b"encrypted",
        ),
        {"Protection": "encrypted", "Preview": ""},
    ),
    "pgp-inline": (headed(text=b"-----BEGIN PGP MESSAGE-----\n\nhQEM"), {"Protection": "encrypted"}),
    "pgp-signed": (
        mixed(b"\nsigned text", b"Content-Type: application/pgp-signature\n\n-----BEGIN", kind=b"signed"),
        {"Protection": "signed", "Preview": "signed text"},
    ),
    "smime-encrypted": (
        typed(b"application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", b"MIAG"),
        {"Protection": "encrypted", "AttachmentNames": "smime.p7m"},
    ),
    "smime-opaque-signed": (
        typed(b"application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", b"MIAG"),
        {"Protection": "signed"},
    ),
    "html-broken": (typed(b"text/html", b"<p>one<td><b>two</i>"), {}),
    "html-script": (typed(b"text/html", b"<script>alert(1)</script>x"), {"Preview": "x"}),
    "html-comment-open": (typed(b"text/html", b"x<!-- never closed"), {"Preview": "x"}),
    "html-entities": (typed(b"text/html", b"&lt;b&gt; &#0; &#x110000; &bogus;"), {}),
    "html-entity-bomb": (
        typed(b"text/html", b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><p>&b;</p>'),
        {},
    ),
    "html-external-entity": (
        typed(b"text/html", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><p>&a;</p>'),
        {},
    ),
    "html-deep": (typed(b"text/html", b"<div>" * 30_000), {}),
    "html-wide-table": (typed(b"text/html", b"<table><tr>" + b"<td>x" * 20_000), {}),
    "html-tables-in-tables": (typed(b"text/html", b"<table><tr><td>" * 100 + b"x"), {}),
    "html-megabyte-attribute": (typed(b"text/html", b'<p title="' + b"x" * 1_000_000 + b'">x'), {}),
    "html-colspan": (typed(b"text/html", b"<table><tr><td colspan=99999999>x"), {}),
    "html-utf16-meta": (typed(b"text/html", b"<meta charset=utf-16><p>text"), {"Preview": "text"}),
    "html-nul": (typed(b"text/html", b"<p>te\0xt"), {}),
    "report-empty": (
        typed(b"multipart/report; report-type=delivery-status; boundary=b"),
        {"MailClass": "bounce"},
    ),
    "report-nonsense": (
        mixed(
            b"Content-Type: message/delivery-status\n\n\0\0: x\n\n=?",
            kind=b"report; report-type=delivery-status",
        ),
        {"MailClass": "bounce"},
    ),
    "report-in-report": (
        mixed(
            b"Content-Type: message/rfc822\n\n" + mixed(b"\nx", kind=b"report; report-type=delivery-status"),
            kind=b"report; report-type=delivery-status",
        ),
        {},
    ),
    "report-many-recipients": (
        mixed(
            b"Content-Type: message/delivery-status\n\n" + b"Action: failed\n\n" * 5000,
            kind=b"report; report-type=delivery-status",
        ),
        {},
    ),
}

NASTIES = {**HEADERS, **BODIES, **PARTS}


def test_there_are_enough() -> None:
    """A hundred at least, all different, and no name stands twice."""
    assert len(NASTIES) == len(HEADERS) + len(BODIES) + len(PARTS) >= 150
    assert len({body for body, _ in NASTIES.values()}) == len(NASTIES)


def taken(mailbox: "Settled", door: "RecordingDoor", body: bytes) -> Answered:
    """Receive one mail, within its time, and check that it is neither lost nor a fault of ours."""
    begun = time.process_time()
    try:
        parse(body)
    except UnreadableDelivery:
        unreadable = True
    else:
        unreadable = False
    answer = asyncio.run(receive(mailbox.connector, mailbox.delivery(body), door))
    assert time.process_time() - begun < PATIENCE_S
    assert answer.answered not in {Answered.UNAVAILABLE, Answered.REFUSED, Answered.CONFLICT}
    assert unreadable is (answer.answered is Answered.UNREADABLE)
    if answer.answered is Answered.UNREADABLE:
        assert door.letters[answer.letter].body == body
    return answer.answered


def strings(door: "RecordingDoor") -> Iterator[str]:
    """Yield every text that would be sent."""
    for command in door.commands:
        assert isinstance(command, Create)
        assert len(orjson.dumps(command.user_data)) <= 16_000
        yield from (str(value) for value in command.user_data.values())


#: Poison is what no bound lets through or the library breaks on; being ugly is no reason to keep a mail.
UNREADABLE = {
    "multipart-boundary-nul",
    "ten-thousand-parts",
    "thousand-deep",
    "thousand-mails-deep",
    "report-many-recipients",
}


@pytest.mark.parametrize("name", NASTIES)
def test_nothing_escapes_and_nothing_is_lost(name: str, mailbox: "Settled", door: "RecordingDoor") -> None:
    """It is a command that can be sent as it is, or it is kept with all of its bytes."""
    body, expected = NASTIES[name]
    answered = taken(mailbox, door, body)
    for text in strings(door):
        assert not any(unicodedata.category(each) in {"Cc", "Cs"} for each in text if each != "\n")
    assert (answered is Answered.UNREADABLE) is (name in UNREADABLE)
    if expected:
        (command,) = door.commands
        assert isinstance(command, Create)
        assert {key: command.user_data[key] for key in expected} == expected


def samples() -> dict[str, bytes]:
    """Return the mails of CPython's own tests, if this interpreter came with them."""
    try:
        folder = files("test.test_email").joinpath("data")
        return {each.name: each.read_bytes() for each in folder.iterdir() if each.name.endswith(".txt")}
    except (ModuleNotFoundError, FileNotFoundError, NotADirectoryError):
        return {}


SAMPLES = samples()


@pytest.mark.skipif(not SAMPLES, reason="this Python came without its own tests")
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_the_librarys_own_mails_are_read(name: str, mailbox: "Settled", door: "RecordingDoor") -> None:
    """What the standard library's authors collected: all of it is understood, whatever ends its lines."""
    for body in (SAMPLES[name], SAMPLES[name].replace(b"\n", b"\r\n")):
        assert taken(mailbox, door, body) is not Answered.UNREADABLE
    for text in strings(door):
        assert not any(unicodedata.category(each) in {"Cc", "Cs"} for each in text if each != "\n")


#: How many broken mails are tried: `BRIDGE_FUZZ_BODIES=20000` in the nightly run.
BROKEN = int(os.environ.get("BRIDGE_FUZZ_BODIES", "1000"))
#: What is put into mails to break them.
SPLINTERS = (
    b"\0",
    b"\r",
    b"\n\n",
    b"\xff",
    b"=?utf-8?b?",
    b"--b",
    b"; name*0*=",
    b"; charset*=utf\0-8''%",
    b"Content-Type: message/rfc822\n",
    b"multipart/report; report-type=delivery-status; boundary=b",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Type: text/html\n\n<table><tr><td>",
    b"Authentication-Results: mx; dkim=",
    b'("<:>',
)


def broken(dice: random.Random, mails: list[bytes]) -> bytes:
    """Return a mail with pieces put in, taken out, changed, and mixed with another mail's."""
    mail = bytearray(dice.choice(mails))
    for _ in range(dice.randint(1, 12)):
        at = dice.randint(0, len(mail))
        match dice.randrange(4):
            case 0:
                mail[at:at] = dice.choice(SPLINTERS)
            case 1:
                del mail[at : at + dice.randint(1, 30)]
            case 2:
                mail[at : at + 1] = dice.randbytes(1)
            case 3:
                other = dice.choice(mails)
                begin = dice.randint(0, len(other))
                mail[at:at] = other[begin : begin + dice.randint(1, 200)]
    return bytes(mail)


def test_mails_that_broke_are_read_or_kept(mailbox: "Settled") -> None:
    """Whatever becomes of a mail on its way, nothing but UnreadableDelivery escapes, whoever is believed."""
    dice = random.Random(20261123)  # noqa: S311 - the same mails every time
    mails = [body for body, _ in NASTIES.values() if len(body) < 5000]
    for _ in range(BROKEN):
        delivery = mailbox.delivery(broken(dice, mails))
        try:
            parse(delivery.body, mail_from="", servers=frozenset({"mx"}))
            mailbox.connector.translate(mailbox.connector.verify(delivery))
        except UnreadableDelivery:
            continue
