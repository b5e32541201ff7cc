"""Deliveries of the demonstration: files of `demo_input/`, sent as their senders would."""

import asyncio
import hmac
import importlib.resources
import re
import smtplib
from dataclasses import dataclass, field

import httpx

from bridge.places import Places

_ENHANCED = re.compile(r"^\d\.\d\.\d ")


@dataclass(frozen=True, slots=True)
class Step:
    """One delivery, and what its door must answer."""

    #: The file, beneath `demo_input/`.
    name: str
    answer: str
    #: Whether a webhook proves who sent it.
    signed: bool = True


@dataclass(slots=True)
class Letters:
    """Sends deliveries to one bridge, and remembers the conversations it was told of."""

    places: Places
    secret: str = field(repr=False)
    #: External ids, in the order of their first receipts.
    receipted: list[str] = field(default_factory=list)

    async def deliver(self, step: Step) -> str:
        """Send one delivery and return its door's answer: the code and one word or two."""
        content = importlib.resources.files("bridge").joinpath("demo_input", step.name).read_bytes()
        if step.name.endswith(".eml"):
            return await asyncio.to_thread(self._mail, content)
        return await self._webhook(content, signed=step.signed)

    async def _webhook(self, body: bytes, *, signed: bool) -> str:
        headers = {"Content-Type": "application/json"}
        if signed:
            headers["X-Signature-256"] = (
                f"sha256={hmac.new(self.secret.encode(), body, 'sha256').hexdigest()}"
            )
        async with httpx.AsyncClient() as client:
            url = f"{self.places.intake}/channels/tickets"
            response = await client.post(url, content=body, headers=headers)
        told = response.json()
        for receipt in told.get("receipts", ()):
            if receipt["external_id"] not in self.receipted:
                self.receipted.append(receipt["external_id"])
        return f"{response.status_code} {told.get('title') or told['status']}"

    def _mail(self, content: bytes) -> str:
        with smtplib.SMTP(self.places.smtp["host"], self.places.smtp["port"]) as client:
            client.ehlo_or_helo_if_needed()
            client.mail("sender@example.org", ["BODY=8BITMIME"])
            client.rcpt("support@example.com")
            # the files end their lines as git keeps them, mail does it as RFC 5321 wants it
            code, text = client.data(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        return f"{code} {_ENHANCED.sub('', text.decode())}"
