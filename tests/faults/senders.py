"""Senders: they say what the plan gives them, and send again what was not accepted, as real senders do."""

import asyncio
import hashlib
import hmac
import json
import smtplib
import socket
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final, Self
from urllib.parse import quote

import aiohttp

from tests.faults.model import Answer, Intent, Told, properties, subject
from tests.faults.plan import Conversation, Door, Kind, Step
from tests.faults.processes import CLIENT_KEY, HOOK_SECRET, MAILBOX

_TIMEOUT_S: Final = 5.0
#: A sender of ours comes again sooner than a server asks for, so that a minute sees much.
_PATIENCE_S: Final = (0.1, 0.2, 0.4, 0.8, 1.0)
_MAILERS: Final = 16
_BY_STATUS: Final[Mapping[int, Told]] = {
    200: Told.ACCEPTED,
    202: Told.ACCEPTED,
    401: Told.REFUSED,
    409: Told.CONFLICT,
    422: Told.CONFLICT,
}
_BY_REPLY: Final[Mapping[int, Told]] = {250: Told.ACCEPTED, 550: Told.REFUSED}


@dataclass(frozen=True, slots=True)
class _Said:
    """What came back."""

    told: Told
    receipt: str = ""
    sequence: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Letter:
    """One sending."""

    conversation: Conversation
    step: Step
    intent: Intent

    @property
    def key(self) -> str:
        """What makes two sendings the same one."""
        forged = f":{Intent.FORGED}" if self.intent is Intent.FORGED else ""
        return f"{self.conversation.name}:{self.step.number}{forged}"

    @property
    def data(self) -> dict[str, str]:
        """The user data."""
        return properties(self.conversation, self.step, self.intent)

    @property
    def subject(self) -> str:
        """The words by which it names itself."""
        return subject(self.conversation, self.step, self.intent)


class Senders:
    """All senders of a plan."""

    def __init__(self, *, http_port: int, smtp_port: int) -> None:
        self._base = f"http://127.0.0.1:{http_port}"
        self._smtp_port = smtp_port
        self._mailers = ThreadPoolExecutor(_MAILERS)
        #: Everything that was told, in the order in which it was heard.
        self.answers: list[Answer] = []
        self.unanswered = 0

    async def __aenter__(self) -> Self:
        """Open for sending."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S), connector=aiohttp.TCPConnector(limit=64)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Send nothing more."""
        await self._session.close()
        self._mailers.shutdown(wait=False, cancel_futures=True)

    async def say(self, conversations: Sequence[Conversation]) -> None:
        """Return when everything was accepted."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for each in conversations:
                group.create_task(self._converse(each, began))

    async def _converse(self, conversation: Conversation, began: float) -> None:
        await asyncio.sleep(max(0.0, began + conversation.begins_s - time.monotonic()))
        for step in conversation.steps:
            await asyncio.sleep(step.wait_s)
            if step.forged and conversation.door is not Door.MAIL:
                await self._insist(_Letter(conversation, step, Intent.FORGED))
            genuine = _Letter(conversation, step, Intent.GENUINE)
            await asyncio.gather(*(self._insist(genuine) for _ in range(step.copies)))
            if step.again:
                await self._insist(genuine)
            if step.twisted and conversation.door is not Door.MAIL:
                await self._insist(_Letter(conversation, step, Intent.TWISTED))

    async def _insist(self, letter: _Letter) -> None:
        """Send until there is an answer that is one."""
        tries = 0
        while (await self._send(letter)).told is Told.COME_AGAIN:
            await asyncio.sleep(_PATIENCE_S[min(tries, len(_PATIENCE_S) - 1)])
            tries += 1

    async def _send(self, letter: _Letter) -> _Said:
        try:
            said = await _WAYS[letter.conversation.door](self, letter)
        except (OSError, TimeoutError, aiohttp.ClientError, smtplib.SMTPException) as error:
            said = _Said(Told.COME_AGAIN, words=f"{type(error).__name__}: {error}")
            self.unanswered += 1
        self.answers.append(
            Answer(
                conversation=letter.conversation.name,
                number=letter.step.number,
                intent=letter.intent,
                told=said.told,
                receipt=said.receipt,
                sequence=said.sequence,
                said=said.words,
            )
        )
        return said

    # ── by webhook ──────────────────────────────────────────────────────────────────────────────────────────

    async def _post_webhook(self, letter: _Letter) -> _Said:
        conversation = letter.conversation
        body = json.dumps(
            {
                "conversation": conversation.name,
                "key": letter.key,
                "kind": letter.step.kind,
                "data": letter.data,
            }
        ).encode()
        secret = "nobody" if letter.intent is Intent.FORGED else HOOK_SECRET
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        url = f"{self._base}/channels/hooks-{conversation.service}"
        async with self._session.post(url, data=body, headers={"X-Signature-256": signature}) as answer:
            content = await _json(answer)
            receipts = content.get("receipts") or [{}]
            return _Said(_told(answer), *_receipt(receipts[0]), words=f"{answer.status} {content}")

    # ── by the command API ──────────────────────────────────────────────────────────────────────────────────

    async def _post_command(self, letter: _Letter) -> _Said:
        conversation, step = letter.conversation, letter.step
        path = f"/v1/services/{conversation.service}/interactions"
        content: dict[str, Any]
        match step.kind:
            case Kind.CREATE:
                content = {"external_id": conversation.name, "user_data": letter.data}
            case Kind.UPDATE:
                path += f"/{quote(conversation.name, safe='')}/update"
                content = {"changed": letter.data}
            case Kind.STOP:
                path += f"/{quote(conversation.name, safe='')}/stop"
                content = {"reason_description": letter.subject}
        key = "nobody-0123456789" if letter.intent is Intent.FORGED else CLIENT_KEY
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f'"{letter.key}"'}
        async with self._session.post(self._base + path, json=content, headers=headers) as answer:
            found = await _json(answer)
            receipt = found.get("receipt") or {}
            return _Said(_told(answer), *_receipt(receipt), words=f"{answer.status} {found}")

    # ── by mail ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _mail(self, letter: _Letter) -> _Said:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._mailers, self._deliver, letter)

    def _deliver(self, letter: _Letter) -> _Said:
        name, number = letter.conversation.name, letter.step.number
        mail = EmailMessage()
        mail["From"] = sender = f"{name}@senders.example"
        mail["To"] = MAILBOX
        mail["Subject"] = letter.subject
        mail["Message-ID"] = f"<{name}.{number}@senders.example>"
        mail["Date"] = format_datetime(_SENT)
        if number:
            mail["References"] = f"<{name}.0@senders.example>"
        mail.set_content(f"This is {letter.subject}.")
        try:
            with smtplib.SMTP("127.0.0.1", self._smtp_port, "senders.example", _TIMEOUT_S) as server:
                server.send_message(mail, sender, [MAILBOX])
        except smtplib.SMTPResponseException as error:
            told = _BY_REPLY.get(error.smtp_code, Told.COME_AGAIN)
            return _Said(told, words=f"{error.smtp_code} {error.smtp_error!r}")
        except socket.timeout as error:  # noqa: UP041 - smtplib raises it by this name
            raise TimeoutError(str(error)) from error
        return _Said(Told.ACCEPTED, words="250")


#: The same for every sending of a mail: two with another Date are two mails.
_SENT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_WAYS: Final = {
    Door.WEBHOOK: Senders._post_webhook,
    Door.API: Senders._post_command,
    Door.MAIL: Senders._mail,
}


def _told(answer: aiohttp.ClientResponse) -> Told:
    return _BY_STATUS.get(answer.status, Told.COME_AGAIN)


def _receipt(found: Mapping[str, Any]) -> tuple[str, int]:
    return str(found.get("id", "")), int(found.get("sequence", 0))


async def _json(answer: aiohttp.ClientResponse) -> Mapping[str, Any]:
    """Return the answer's object; raises ClientError for anything else, as a cut answer would be."""
    try:
        content = json.loads(await answer.read())
    except ValueError as error:
        raise aiohttp.ClientPayloadError(f"{answer.status} without JSON") from error
    return content if isinstance(content, dict) else {}
