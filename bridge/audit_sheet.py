"""The audit's result, for a person and for a program."""

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from bridge.mail_audit import Audit, Compared, Finding
from bridge.moments import Clock
from bridge.sheet import columns, plain


def print_audit(audit: Audit, out: Console, clock: Clock) -> None:
    """Print how many mails there are of each finding, and name every difference."""
    counts = ", ".join(f"{len(audit.of(each))} {each}" for each in Finding)
    out.print(f"{audit.channel}, {clock(audit.since)} to {clock(audit.until)}: {counts}")
    differences = [each for each in audit.compared if each.finding is not Finding.ACCOUNTED]
    if not differences:
        return
    table = columns("finding", "folder", "uid", "arrived", "bytes", "message-id", "what", fixed=("finding",))
    for each in differences:
        mail = each.mail
        cells = (mail.folder, str(mail.uid), clock(mail.arrived_at), str(mail.size or ""), mail.message_id)
        texts = (Text(plain(cell)) for cell in (*cells, each.detail))
        style = "red" if each.finding is Finding.MISSING else ""
        table.add_row(Text(each.finding, style=style), *texts)
    out.print(table)


def as_json(audit: Audit) -> str:
    """Return the same as one line of JSON."""
    document = {
        "channel": audit.channel,
        "since": audit.since.isoformat(),
        "until": audit.until.isoformat(),
        "complete": audit.complete,
        "counts": {each.value: len(audit.of(each)) for each in Finding},
        "differences": [_told(each) for each in audit.compared if each.finding is not Finding.ACCOUNTED],
    }
    return json.dumps(document)


def _told(compared: Compared) -> dict[str, Any]:
    mail = compared.mail
    return {
        "finding": compared.finding.value,
        "folder": mail.folder,
        "uid": mail.uid,
        "messageId": mail.message_id,
        "arrivedAt": mail.arrived_at.isoformat() if mail.arrived_at else None,
        "bytes": mail.size,
        "detail": compared.detail,
    }
