"""Answers: what reception says, in the words of each protocol. Tables; both are total."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from connectors.base import Answer, Answered, Manners

#: Seconds after which a sender should come again.
RETRY_AFTER_S = 5

HTTP_STATUS: Mapping[Answered, int] = {
    Answered.ACCEPTED: 202,
    Answered.DUPLICATE: 200,
    Answered.IGNORED: 200,
    Answered.GREETED: 200,
    Answered.REFUSED: 401,
    Answered.UNREADABLE: 202,
    Answered.CONFLICT: 409,
    Answered.UNAVAILABLE: 503,
}

SMTP_REPLY: Mapping[Answered, str] = {
    Answered.ACCEPTED: "250 2.0.0 Accepted",
    Answered.DUPLICATE: "250 2.0.0 Accepted before",
    Answered.IGNORED: "250 2.0.0 Ignored",
    Answered.GREETED: "250 2.0.0 Ignored",
    Answered.REFUSED: "550 5.7.1 Refused",
    Answered.UNREADABLE: "250 2.0.0 Kept for a person to read",
    Answered.CONFLICT: "250 2.0.0 Kept for a person to compare with its first version",
    Answered.UNAVAILABLE: "451 4.3.0 Come again later",
}

# One mail, several channels: one reply for all. The sender must come again if any of them needs it.
_SMTP_ORDER = (
    Answered.UNAVAILABLE,
    Answered.REFUSED,
    Answered.CONFLICT,
    Answered.UNREADABLE,
    Answered.ACCEPTED,
    Answered.DUPLICATE,
    Answered.IGNORED,
    Answered.GREETED,
)

_TITLES: Mapping[int, str] = {
    400: "Bad request",
    401: "Not verified",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    413: "Too large",
    415: "Not taken in this form",
    429: "Too many",
    431: "Too many headers",
    503: "Come again later",
}
_MORE_HEADERS: Mapping[int, tuple[tuple[str, str], ...]] = {
    401: (("WWW-Authenticate", "Signature"),),
    503: (("Retry-After", str(RETRY_AFTER_S)),),
}
# HTTP's border between answers and problems.
_ERRORS = 400
# A reply may hold what the sender wrote (a challenge): no browser is to guess that it is a page.
_AS_IT_IS = (("X-Content-Type-Options", "nosniff"),)
_USUAL = Manners()


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def http_answer(answer: Answer, manners: Manners = _USUAL) -> HttpAnswer:
    """Return the HTTP answer, in the manners of the channel's senders."""
    status = manners.statuses.get(answer.answered, _status(answer))
    if status >= _ERRORS:
        return _refusal(status, answer)
    reply = answer.reply or manners.reply
    if reply is not None:
        return HttpAnswer(status, reply.body, reply.content_type, _AS_IT_IS)
    content: dict[str, object] = {"status": answer.answered}
    if answer.receipts:
        content["receipts"] = [vars(receipt) for receipt in answer.receipts]
    if answer.letter:
        content["letter"] = answer.letter
    if answer.reason:
        content["reason"] = answer.reason
    return HttpAnswer(status, orjson.dumps(content))


def _status(answer: Answer) -> int:
    if answer.answered is Answered.CONFLICT and answer.letter:
        return HTTP_STATUS[Answered.UNREADABLE]  # kept, like every letter that waits for a person
    return HTTP_STATUS[answer.answered]


def _refusal(status: int, answer: Answer) -> HttpAnswer:
    if answer.answered is Answered.CONFLICT and answer.fingerprints:
        first, second = answer.fingerprints
        return problem(status, answer.reason, firstFingerprint=first, secondFingerprint=second)
    return problem(status, answer.reason)


def problem(status: int, detail: str, **more: str) -> HttpAnswer:
    """Return an error as RFC 9457 asks for it."""
    title = _TITLES.get(status, "Error")
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    headers = _MORE_HEADERS.get(status, ())
    return HttpAnswer(status, orjson.dumps(content), "application/problem+json", headers)


def smtp_reply(answers: tuple[Answer, ...]) -> str:
    """Return the reply to a mail that went to these channels; nothing at all was accepted without any."""
    for answered in _SMTP_ORDER:
        if any(answer.answered is answered for answer in answers):
            return SMTP_REPLY[answered]
    return SMTP_REPLY[Answered.UNAVAILABLE]
