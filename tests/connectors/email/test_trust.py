"""What servers say of a sender."""

import pytest

from connectors.email.structure import read
from connectors.email.trust import Verdict, verdict

OURS = frozenset({"mx.example.com"})
FROM = "From: Ada <ada@example.org>\n"


def said(head: str, servers: frozenset[str] = OURS) -> Verdict:
    """Return the verdict on a mail with these headers."""
    return verdict(read(f"{head}{FROM}\ntext".encode()), servers)


def results(text: str, server: str = "mx.example.com") -> str:
    """Return one header of results."""
    return f"Authentication-Results: {server}; {text}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dmarc=pass header.from=example.org", Verdict.PASS),
        ("dmarc=fail header.from=example.org", Verdict.FAIL),
        ("dmarc=fail; dkim=pass header.d=example.org", Verdict.FAIL),
        ("dmarc=none; dkim=pass header.d=example.org", Verdict.PASS),
        ("dkim=pass header.d=example.org", Verdict.PASS),
        ("dkim=pass header.d=mail.example.org", Verdict.PASS),
        ("dkim=pass header.i=@example.org", Verdict.PASS),
        ("dkim=pass header.d=evil.example", Verdict.NONE),
        ("dkim=pass header.d=org", Verdict.NONE),
        ("dkim=pass header.d=notexample.org", Verdict.NONE),
        ("spf=pass smtp.mailfrom=bounce@example.org", Verdict.PASS),
        ("spf=pass smtp.mailfrom=example.org", Verdict.PASS),
        ("spf=pass smtp.mailfrom=list@lists.example", Verdict.NONE),
        ("spf=fail smtp.mailfrom=a@example.org", Verdict.FAIL),
        ("spf=fail smtp.mailfrom=x; dkim=pass header.d=example.org", Verdict.PASS),
        ("spf=softfail smtp.mailfrom=a@example.org", Verdict.NONE),
        ("dkim=permerror", Verdict.FAIL),
        ("dkim=temperror", Verdict.NONE),
        ("dmarc=pass (p=none dis=none) header.from=example.org", Verdict.PASS),
        ("none", Verdict.NONE),
        ("", Verdict.NONE),
        ("dmarc", Verdict.NONE),
        ('dmarc="pass', Verdict.NONE),
        ("((((", Verdict.NONE),
    ],
)
def test_results_decide(text: str, expected: Verdict) -> None:
    """DMARC first, else what is aligned with the sender; what cannot be read decides nothing."""
    assert said(results(text)) is expected


def test_nobody_is_believed_by_default() -> None:
    """Without a server that is believed, whoever writes the header may write what they like."""
    assert said(results("dmarc=pass"), frozenset()) is Verdict.NONE
    assert said(results("dmarc=pass", "evil.example")) is Verdict.NONE
    assert said(results("dmarc=pass", "MX.Example.COM 1")) is Verdict.PASS


def test_a_forged_header_beneath_the_servers_own_is_not_believed() -> None:
    """Only what stands on top counts: the sender's own headers stand beneath the first Received."""
    received = "Received: from x by mx.example.com\n"
    assert said(results("spf=neutral") + received + results("dmarc=pass")) is Verdict.NONE
    assert said(received + results("dmarc=fail") + results("dmarc=pass")) is Verdict.FAIL
    assert said(results("dmarc=none") + results("dmarc=pass")) is Verdict.NONE


def test_a_server_may_write_several() -> None:
    """One for each of its filters, all above the first Received."""
    received = "Received: from x by mx.example.com\n"
    assert said(results("dmarc=pass") + results("dkim=none") + received) is Verdict.PASS
    assert said(results("dkim=none") + results("dmarc=fail") + received) is Verdict.FAIL


def test_no_sender_is_aligned_with_nobody() -> None:
    """A mail without From passes by DMARC only."""
    mail = read(results("dkim=pass header.d=example.org").encode() + b"\n")
    assert verdict(mail, OURS) is Verdict.NONE
