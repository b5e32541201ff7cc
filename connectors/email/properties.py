"""Properties: what a mail puts into an interaction's user data. The package's docstring has the table."""

from pydantic import JsonValue

from connectors.budget import fit
from connectors.email.message import Mail
from worker.budget import cut

_NAMES_CHARACTERS = 1000


def user_data(mail: Mail, preview_chars: int, *, sort: str = "", link: str = "") -> dict[str, JsonValue]:
    """Return a mail's properties, within the budget.

    Args:
        mail: The mail.
        preview_chars: How many characters of its text are shown.
        sort: The kind of program to be shown, if any.
        link: Where the whole mail is, if links are made.
    """
    carried = [each for each in mail.attachments if not each.inline]
    fitted = fit(
        {
            "Subject": mail.subject,
            "FromAddress": mail.from_address,
            "FromName": mail.from_name,
            "ToAddress": mail.to_address,
            "SentAt": mail.sent_at,
            "MessageId": mail.message_id,
            "ThreadId": mail.root,
            "Preview": cut(mail.text.new, preview_chars),
            "PreviewTruncated": "false",
            "AttachmentCount": str(len(carried)),
            "AttachmentNames": cut(", ".join(each.name or "?" for each in carried), _NAMES_CHARACTERS),
            "Protection": mail.protection,
            "MailClass": sort,
            "AuthResult": mail.verdict.value,
            **({"MessageLink": link} if link else {}),
        }
    )
    if fitted["Preview"] != mail.text.new:
        # One byte less than what was measured.
        fitted["PreviewTruncated"] = "true"
    return fitted
