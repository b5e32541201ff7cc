"""Properties: what a mail puts into an interaction's user data. The package's docstring has the table."""

from pydantic import JsonValue

from connectors.budget import fit
from connectors.email.message import Mail
from worker.budget import cut


def user_data(mail: Mail, preview_chars: int) -> dict[str, JsonValue]:
    """Return a mail's properties, within the budget."""
    fitted = fit(
        {
            "Subject": mail.subject,
            "FromAddress": mail.from_address,
            "FromName": mail.from_name,
            "ToAddress": mail.to_address,
            "SentAt": mail.sent_at,
            "MessageId": mail.message_id,
            "ThreadId": mail.thread.root,
            "Preview": cut(mail.text, preview_chars),
            "PreviewTruncated": "false",
        }
    )
    if fitted["Preview"] != mail.text:
        # One byte less than what was measured.
        fitted["PreviewTruncated"] = "true"
    return fitted
