"""What reports are about."""

import pytest

from connectors.email.report import Report, read_report
from connectors.email.structure import read

RETURNED = (
    "Message-ID: <sent@example.com>\nIn-Reply-To: <asked@example.org>\nReferences: <first@example.org>\n"
)


def report(kind: str, fields: str, returned: str = "") -> bytes:
    """Return a report (RFC 6522) with its fields, and what comes back."""
    parts = ["Content-Type: text/plain\n\nwords", f"Content-Type: message/{kind}\n\n{fields}"]
    if returned:
        parts.append(returned)
    body = "".join(f"--b\n{part}\n" for part in parts)
    return f"Content-Type: multipart/report; report-type={kind}; boundary=b\n\n{body}--b--\n".encode()


def status(*actions: str) -> str:
    """Return the fields of a delivery report (RFC 3464): of the message, then of each recipient."""
    recipients = (f"Final-Recipient: rfc822; a@example.org\nAction: {action}\n" for action in actions)
    return "\n".join(["Reporting-MTA: dns; mx.example.org\n", *recipients])


WHOLE = f"Content-Type: message/rfc822\n\n{RETURNED}\nbody"
HEADERS = f"Content-Type: text/rfc822-headers\n\n{RETURNED}"
ABOUT = ("sent@example.com", "asked@example.org", "first@example.org")


@pytest.mark.parametrize("returned", [WHOLE, HEADERS])
def test_a_bounce_leads_to_its_thread(returned: str) -> None:
    """By the mail that comes back, whole or its headers only."""
    assert read_report(read(report("delivery-status", status("failed"), returned))) == Report(
        ABOUT, harmless=False
    )


@pytest.mark.parametrize(
    ("actions", "harmless"),
    [
        (("failed",), False),
        (("delayed",), True),
        (("Delivered", "relayed", "expanded"), True),
        (("delivered", "failed"), False),
        (("nonsense",), False),
        ((), False),
    ],
)
def test_one_failure_is_a_failure(actions: tuple[str, ...], *, harmless: bool) -> None:
    """A report of several recipients is harmless if none of them failed; one that says nothing is not."""
    assert read_report(read(report("delivery-status", status(*actions)))).harmless is harmless


def test_a_receipt_names_its_mail() -> None:
    """RFC 8098 has a field for it, which stands before what comes back."""
    fields = (
        "Disposition: manual-action/MDN-sent-manually; displayed\nOriginal-Message-ID: <sent@example.com>\n"
    )
    assert read_report(read(report("disposition-notification", fields))).about == ("sent@example.com",)


@pytest.mark.parametrize("mail", [b"", b"\ntext", b"Content-Type: message/delivery-status\n\n\0\n\n\n\n=?"])
def test_what_says_nothing_is_about_nothing(mail: bytes) -> None:
    """Nothing here raises."""
    assert read_report(read(mail)).about == ()
