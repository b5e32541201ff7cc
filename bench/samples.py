"""Samples: commands and deliveries of about 1 KB."""

from datetime import UTC, datetime

import orjson

from worker.commands import Create, Update

_TEXT = "The parcel has not arrived although it was announced for Monday. " * 12
_AT = datetime(2026, 1, 1, tzinfo=UTC)


def create(number: int, *, service: str = "service0", lane: str = "bench") -> Create:
    """Return the n-th create, about 1 KB as it waits."""
    return Create(
        service=service,
        external_id=f"{lane}-{number:022d}",
        idempotency_key=f"bench:{lane}-{number}",
        channel="bench",
        received_at=_AT,
        user_data={"Subject": "Where is my parcel?", "Text": _TEXT, "Number": number},
    )


def creates(count: int, *, service: str = "service0") -> list[Create]:
    """Return so many creates, each in a lane of its own."""
    return [create(number, service=service) for number in range(count)]


def update(lane: int, number: int, *, service: str = "service0") -> Update:
    """Return the n-th update of a lane."""
    return Update(
        service=service,
        external_id=f"bench-{lane:022d}",
        idempotency_key=f"bench:{lane}:{number}",
        channel="bench",
        received_at=_AT,
        changed={"Step": number, "Text": _TEXT},
    )


def delivery(lane: int, number: int) -> bytes:
    """Return the body of the n-th webhook, about 1 KB, of a conversation."""
    return orjson.dumps(
        {
            "delivery": f"delivery-{number}",
            "event": "ticket.opened",
            "ticket": {
                "id": f"ticket-{lane}",
                "subject": "Where is my parcel?",
                "status": "new",
                "customer": {"name": "Ada Example"},
                "description": _TEXT,
            },
        }
    )


def mail(number: int) -> bytes:
    """Return the n-th mail, about 20 KB, each of a conversation and of a sender of its own.

    Of one sender they would be a flood, which is set aside from the thirty-first on and never appended.
    """
    lines = "\r\n".join([_TEXT[:75]] * 250)
    return (
        f"Message-ID: <{number}@bench.example>\r\n"
        f"From: Ada Example <ada.{number}@example.com>\r\nTo: support@example.org\r\n"
        f"Subject: Where is my parcel {number}?\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"\r\n{lines}\r\n"
    ).encode()
