"""An audit is told by counts, and every difference by name."""

import io
import json
from datetime import UTC, datetime

from rich.console import Console

from bridge.audit_sheet import as_json, print_audit
from bridge.mail_audit import Audit, Compared, Finding, Listed
from bridge.moments import clock

T0 = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def audit(*findings: Finding) -> Audit:
    """Return an audit with one mail of each finding; their Message-IDs are not to be trusted."""
    mails = (
        Compared(Listed("INBOX", uid, f"<m{uid}\x1b[2J@example.org>", T0, 100), finding, "why")
        for uid, finding in enumerate(findings, start=1)
    )
    return Audit("mail", T0, T0, tuple(mails))


def printed(found: Audit) -> str:
    """Return what a person reads."""
    out = io.StringIO()
    print_audit(found, Console(file=out, width=200), clock(utc=True))
    return out.getvalue()


def test_nothing_but_counts_where_all_is_accounted_for() -> None:
    """One line."""
    found = audit(Finding.ACCOUNTED, Finding.ACCOUNTED)
    assert found.complete
    assert printed(found).splitlines() == [
        "mail, 2026-11-23 12:00:00 UTC to 2026-11-23 12:00:00 UTC: 2 accounted, 0 waiting, 0 missing, 0 gone"
    ]


def test_differences_are_named() -> None:
    """Each with its folder, number, time, size and Message-ID, whose control characters do nothing."""
    found = audit(Finding.ACCOUNTED, Finding.MISSING, Finding.WAITING)
    assert not found.complete
    text = printed(found)
    assert "m1" not in text
    assert "missing  INBOX   2    2026-11-23 12:00:00 UTC  100" in text
    assert "\x1b" not in text
    said = json.loads(as_json(found))
    assert said["counts"] == {"accounted": 1, "waiting": 1, "missing": 1, "gone": 0}
    assert [each["finding"] for each in said["differences"]] == ["missing", "waiting"]
    assert said["complete"] is False
