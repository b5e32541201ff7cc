"""From a mail at the door to the page on which an agent reads it, through real processes."""

import re
import smtplib
import urllib.request
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.bridge.conftest import Up, wait_for

pytestmark = pytest.mark.story


def mail() -> EmailMessage:
    """Return a mail with HTML, a tracker and an attachment."""
    made = EmailMessage()
    made["From"], made["To"] = "jo@example.org", "support@example.com"
    made["Subject"], made["Message-ID"] = "Invoice 4711", "<4711@example.org>"
    made.set_content("See the invoice.")
    made.add_alternative('<p>See <b>the invoice</b>.<img src="http://t.example/x.gif"></p>', subtype="html")
    made.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="invoice.pdf")
    return made


def fetched(url: str) -> str:
    """Return what is found at an address."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - addresses of ours
        content: bytes = answer.read()
    return content.decode()


def test_the_link_in_the_interaction_leads_to_the_mail(tmp_path: Path) -> None:
    """With nothing configured: the mail is kept, its interaction has the link, the link shows the mail."""
    up = Up(tmp_path)
    try:
        with smtplib.SMTP(up.places["smtp"]["host"], up.places["smtp"]["port"]) as door:
            door.send_message(mail())
        sandbox = up.places["sandbox"]

        def linked() -> re.Match[str] | None:
            return re.search(r'"MessageLink": ?"([^"]+)"', fetched(f"{sandbox}/sandbox/interactions"))

        link = wait_for(linked, "an interaction with a link")[1]
        assert link.startswith(f"{up.places['intake']}/mail/mail/")
        page = fetched(link)
        assert "Invoice 4711" in page
        assert "invoice.pdf" in page
        body = fetched(f"{link}/body")
        assert "<b>the invoice</b>" in body
        assert "t.example" not in body
        assert fetched(f"{link}/1") == "%PDF-1.7"
        kept = [each for each in (tmp_path / "bridge-data" / "blobs" / "mail").rglob("*") if each.is_file()]
        assert len(kept) == 1
        told = up.bridge("check")
        assert "whole messages are kept" in told.stdout
        pruned = up.bridge("mail", "prune", "--dry-run")
        assert "0 of 1 messages would be deleted" in pruned.stdout
    finally:
        up.end()
