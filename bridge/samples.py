"""Samples: commands to paste into a terminal. Made for the channels that `default.toml` configures."""

import hmac
import importlib.resources
import json
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Final

from worker.commands import conversation_id
from worker.configuration import DEFAULT_DATA
from worker.secrets import Secrets
from worker.settings import Settings

_TICKET_ID: Final = 4711
_TICKET: Final = {
    "event": "ticket.opened",
    "delivery": "sample-1",
    "ticket": {
        "id": _TICKET_ID,
        "subject": "My parcel is late",
        "customer": {"name": "Jo Doe", "email": "jo@example.org"},
    },
}
_ORDER: Final = {"external_id": "order/1042", "user_data": {"Subject": "Where is my parcel?"}}
_MAIL: Final = (
    r"From: Jo Doe <jo@example.org>\r\nTo: support@example.com\r\nSubject: My parcel is late\r\n"
    r"Message-ID: <sample-1@example.org>\r\n\r\nIt was due on Monday.\r\n"
)


def samples(
    settings: Settings, secrets: Secrets, *, intake: str, smtp: tuple[str, int] | None, data: Path
) -> dict[str, str]:
    """Return commands by what they do; none for a channel that is not as `default.toml` has it."""
    found: dict[str, str] = {}
    shipped = _shipped()
    tickets, mail = settings.channels.get("tickets"), settings.channels.get("mail")
    if tickets and tickets == shipped.channels["tickets"]:
        found["webhook"] = _curl(secrets.value(tickets.secrets[0]), intake)
    if smtp and mail and mail == shipped.channels["mail"]:
        found["mail"] = _mail(*smtp)
    example = shipped.clients["example"]
    key = data / example.keys[0].removeprefix("file:")
    if settings.clients.get("example") == example and key.exists():
        found["command"] = _command(intake, key)
    if tickets and "webhook" in found:
        found["show"] = _show(tickets.service, data)
    return found


def program() -> str:
    """Return how the command line is called from here."""
    beside = Path(sys.executable).with_name("bridge")
    if not beside.exists():
        return f"{shlex.quote(sys.executable)} -m bridge"
    return shlex.quote(_near(beside))


def _near(path: Path) -> str:
    """Return a path as it is shortest from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _curl(secret: str, intake: str) -> str:
    body = json.dumps(_TICKET, separators=(",", ":"))
    signature = hmac.new(secret.encode(), body.encode(), "sha256").hexdigest()
    parts = (
        "curl -sS",
        f"{intake}/channels/tickets",
        "-H 'Content-Type: application/json'",
        f"-H 'X-Signature-256: sha256={signature}'",
        f"-d '{body}'",
    )
    return " ".join(parts)


def _command(intake: str, key: Path) -> str:
    """Return a command to the command API; the key stays in its file."""
    parts = (
        "curl -sS",
        f"{intake}/v1/services/support/interactions",
        f'-H "Authorization: Bearer $(cat {shlex.quote(_near(key))})"',
        "-H 'Idempotency-Key: \"sample-1\"'",
        "-H 'Content-Type: application/json'",
        "-H 'Prefer: wait=5'",
        f"-d '{json.dumps(_ORDER)}'",
    )
    return " ".join(parts)


def _mail(host: str, port: int) -> str:
    script = (
        f'import smtplib; print(smtplib.SMTP("{host}", {port}).sendmail('
        f'"jo@example.org", ["support@example.com"], "{_MAIL}") or "accepted")'
    )
    return f"python3 -c {shlex.quote(script)}"


def _show(service: str, data: Path) -> str:
    elsewhere = [] if data == Path(DEFAULT_DATA).absolute() else ["--data", shlex.quote(str(data))]
    return " ".join([program(), "show", *elsewhere, service, conversation_id("tickets", str(_TICKET_ID))])


def _shipped() -> Settings:
    text = importlib.resources.files("bridge").joinpath("default.toml").read_text(encoding="utf-8")
    return Settings.model_validate(tomllib.loads(text))
