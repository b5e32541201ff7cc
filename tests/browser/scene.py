"""A scene for the console: a morning at a small help desk, played through the real doors of a real bridge.

It has a bit of everything: mails and tickets that went well, tries that failed, dead letters of several
causes, a refused delivery, a conversation that went stale, and a sender who writes script wherever they can.
"""

import hmac
import json
import smtplib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import httpx
import redis

from worker.interactions import Interaction
from worker.letters import LetterHead

T = TypeVar("T")

#: What runs wherever a page forgets to escape.
SCRIPT = '"\'><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
SERVICE = "support"
_DEADLINE_S = 40.0
_KEYS = f"bridge:{{{SERVICE}/0}}:"
_SUBJECTS = (
    ("ana@example.org", "Ana Lima", "Where is my parcel?"),
    ("ben@example.net", "Ben Okafor", "Invoice 2231 is wrong"),
    ("chloé@example.com", "Chloé Roux", "Rückgabe der Schuhe"),
    ("dai@example.org", "Dai Vernon", "Change of address"),
)


def wait_until(condition: Callable[[], T], *, reason: str) -> T:
    """Return the first true value of a condition; raise when it stays false."""
    deadline = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise TimeoutError(f"waited {_DEADLINE_S:g} s in vain: {reason}")


@dataclass
class Scene:
    """One bridge, and what is played to it."""

    places: Mapping[str, Any]

    @property
    def store(self) -> "redis.Redis":
        """Its store, for what no door can do: turning the clock back."""
        return redis.Redis.from_url(self.places["environment"]["BRIDGE_STORE_URL"])

    def play(self) -> None:
        """Play it all, and return when everything has come to its end."""
        self.behave(user_data_types="strict")
        for number, (address, name, subject) in enumerate(_SUBJECTS):
            self.mail(f"m{number}", address, name, subject)
            self.ticket("opened", f"7{number}", subject=subject, email=address, name=name)
        self.mail("reply", "ana@example.org", "Ana Lima", "Re: Where is my parcel?", reply_to="m0")
        self.mail("script", "mallory@example.org", SCRIPT, SCRIPT)
        self.ticket("opened", "script", subject=SCRIPT, email=SCRIPT, name=SCRIPT)
        self.command(f"api-{SCRIPT}"[:190])
        for number in range(3):
            self.ticket(
                "opened",
                f"bad{number}",
                subject="Tagged",
                email="eve@example.org",
                name="Eve",
                priority=["a", "b"],
            )
        self.post("tickets", b"{not json", signed=True)
        self.post("tickets", b'{"event": "ticket.opened"}', signed=False)
        self.settled()
        self.stumble("70")
        self.ticket(
            "closed", "71", subject="Invoice 2231 is wrong", email="ben@example.net", name="Ben Okafor"
        )
        self.settled()
        self.age("72", days=9)
        self.past()

    def stumble(self, ticket: str) -> None:
        """Let a change of a ticket fail twice before it is taken."""
        fault = {"kind": "status", "status": 503, "operation": "update", "times": 2}
        self.ask("PUT", "faults", [fault])
        self.ticket(
            "changed", ticket, subject="Where is my parcel?", email="ana@example.org", name="Ana Lima"
        )
        self.settled()
        self.ask("DELETE", "faults")

    def ticket(
        self,
        event: str,
        ticket: str,
        *,
        subject: str,
        email: str,
        name: str,
        priority: Any = "normal",  # noqa: ANN401 - JSON
        again: str = "",
    ) -> httpx.Response:
        """Post an event of the ticket system; `again` tells two of the same kind apart."""
        body = {
            "event": f"ticket.{event}",
            "delivery": f"{event}-{ticket}{again}",
            "ticket": {
                "id": ticket,
                "subject": subject,
                "priority": priority,
                "customer": {"name": name, "email": email},
            },
        }
        return self.post("tickets", json.dumps(body).encode(), signed=True)

    def post(self, channel: str, body: bytes, *, signed: bool) -> httpx.Response:
        """Post a body to a channel."""
        headers = {"Content-Type": "application/json"}
        if signed:
            key = (Path(self.places["data"]) / "secrets/tickets.key").read_text().strip()
            headers["X-Signature-256"] = f"sha256={hmac.new(key.encode(), body, 'sha256').hexdigest()}"
        return httpx.post(f"{self.places['intake']}/channels/{channel}", content=body, headers=headers)

    def mail(self, key: str, address: str, name: str, subject: str, *, reply_to: str = "") -> None:
        """Send a mail."""
        mail = EmailMessage()
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        mail["From"] = (
            f'"{quoted}" <sender@example.org>' if not address.isascii() else f'"{quoted}" <{address}>'
        )
        mail["To"] = "support@example.com"
        mail["Subject"] = subject
        mail["Message-ID"] = f"<{key}@example.org>"
        if reply_to:
            mail["In-Reply-To"] = mail["References"] = f"<{reply_to}@example.org>"
        mail.set_content(f"Hello,\n\n{subject}\n\nRegards\n{name}\n")
        with smtplib.SMTP(self.places["smtp"]["host"], self.places["smtp"]["port"]) as client:
            client.sendmail("sender@example.org", ["support@example.com"], mail.as_bytes())

    def command(self, external_id: str) -> None:
        """Create an interaction by the command API."""
        key = (Path(self.places["data"]) / "secrets/example-client.key").read_text().strip()
        httpx.post(
            f"{self.places['intake']}/v1/services/{SERVICE}/interactions",
            json={"external_id": external_id, "user_data": {"Subject": SCRIPT, SCRIPT: SCRIPT}},
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": '"script"'},
        ).raise_for_status()

    def behave(self, **behaviour: Any) -> None:  # noqa: ANN401 - JSON
        """Let the sandbox read the contract in some way."""
        self.ask("PUT", "behaviour", behaviour)

    def ask(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - JSON
        """Ask the sandbox's levers."""
        answer = httpx.request(method, f"{self.places['sandbox']}/sandbox/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def settled(self) -> None:
        """Return when nothing waits any more."""
        wait_until(lambda: not self.store.zcard(_KEYS + "due"), reason="work is still due")

    def external_id(self, ticket: str) -> str:
        """Return the conversation of a ticket."""
        held = self.ask("GET", "interactions")
        mine = [
            each["externalId"]
            for each in held
            if each["userData"].get("bridge_key") == f"tickets:opened-{ticket}"
        ]
        return mine[0]

    def dead(self, ticket: str) -> LetterHead:
        """Return the dead letter of a ticket."""
        wanted = f'"tickets:opened-{ticket}"'.encode()
        for key in self.store.scan_iter(f"{_KEYS}letter:*"):
            letter, head = self.store.hmget(key, "letter", "head")
            if wanted in letter:
                return LetterHead.model_validate_json(head)
        raise LookupError(ticket)

    def any_letter(self) -> str:
        """Return the id of the newest dead letter, one that stays while others are replayed."""
        self.ticket("opened", "kept", subject="Kept", email="eve@example.org", name="Eve", priority=["a"])
        wait_until(lambda: self.store.zcard(f"{_KEYS}dead"), reason="it did not die")
        self.settled()
        return self.dead("kept").id

    def age(self, ticket: str, *, days: int) -> None:
        """Let a conversation look as if nothing had happened to it for so long."""
        at = (datetime.now(UTC) - timedelta(days=days)).replace(microsecond=0)
        external_id = self.external_id(ticket)
        row = Interaction.model_validate_json(self.store.hget(f"{_KEYS}row:{external_id}", "record"))
        aged = row.model_copy(update={"opened_at": at, "last_activity_at": at})
        self.store.hset(f"{_KEYS}row:{external_id}", "record", aged.model_dump_json(exclude_defaults=True))
        self.store.zadd(_KEYS + "active", {external_id: int(at.timestamp() * 1000)})

    def past(self) -> None:
        """Write counts of the hours and days before, as they would stand there."""
        now = int(time.time())
        pipeline = self.store.pipeline(transaction=False)
        for place, (span, length, many) in {
            "m": (60, 14, 9),
            "h": (3600, 23, 260),
            "d": (86400, 6, 4100),
        }.items():
            for back in range(1, length + 1):
                wave = 1 + ((back * 7) % 5) / 4 + (0.8 if back % 6 < 3 else 0)
                count = int(many * wave)
                for channel, share in (("tickets", 0.6), ("mail", 0.4)):
                    some = int(count * share)
                    for what, there in (
                        ("accepted", some),
                        ("delivered", some - back % 3),
                        ("failed", some // 12 if back % 4 == 0 else 0),
                    ):
                        for key in (_KEYS + "pace", f"{_KEYS}pace:{channel}"):
                            if there > 0:
                                pipeline.hincrby(key, f"{place}:{now // span - back}:{what}", there)
        pipeline.execute()
