"""Reception: what happens to every delivery, in this order: verify, translate, submit, answer.

Accepted is said only after the door's `submit` returned. This is the only place with a `try` around a
connector, so whatever a connector does, the sender gets one of the known answers.
"""

import hashlib
from enum import StrEnum
from time import perf_counter
from typing import Any, Final, Protocol

import structlog

from connectors.base import (
    Answer,
    Answered,
    Connector,
    Delivery,
    EvidenceNeeded,
    Handshake,
    Ignored,
    Refused,
    Threaded,
    UnreadableDelivery,
    Verified,
)
from connectors.keeping import preserve
from connectors.placing import place
from connectors.quiet import Quiet
from connectors.trace import sent_span
from connectors.understanding import Bring, understand
from worker.arrivals import Arrival
from worker.blob import ObjectName
from worker.commands import Command
from worker.errors import KeyConflict, LaneFull, OriginalMissing, StoreUnavailable, UserDataRefused
from worker.events import DeliveryAnswered
from worker.letters import Unreadable
from worker.mail_ports import Take
from worker.notes import Note
from worker.passage import PASSAGE, Passage
from worker.ports import Door

_log: Any = structlog.get_logger()

_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})
_LATER = "The bridge cannot accept this now; send it again later."


class Obtained(StrEnum):
    """What became of fetching a document that a proof rests on."""

    HERE = "here"  #: the scheme's evidence has it
    NOWHERE = "nowhere"  #: it is not there, or not fit to be fetched
    LATER = "later"  #: it may be had another time


class Errands(Protocol):
    """What a host does outside for a connector, which does no I/O itself."""

    async def obtain(self, url: str, /) -> Obtained:
        """Fetch a public document into the scheme's evidence. Never raises."""

    def visit(self, url: str, channel: str, /) -> None:
        """Look at an address in the background, because a genuine sender wants to see that. Never raises."""

    async def bring(self, channel: str, name: ObjectName, take: Take, /) -> bytes:
        """Fetch a mail that a genuine delivery of a channel points to; `take` makes room for it.

        As the one method that raises: OriginalMissing, or StoreUnavailable for another time.
        """


class _AtHome:
    """Runs no errands: for hosts whose connectors ask for none."""

    async def obtain(self, _url: str) -> Obtained:
        return Obtained.NOWHERE

    def visit(self, _url: str, channel: str) -> None:
        _log.warning("visit_failed", channel=channel, reason="this host visits nobody")

    async def bring(self, _channel: str, name: ObjectName, _take: Take) -> bytes:
        raise OriginalMissing(f"{name} is not read by this host")


AT_HOME: Final[Errands] = _AtHome()


def freely(_size: int) -> None:
    """Have room for anything: for hosts that fetch nothing."""


def never(_channel: str) -> bool:
    """Say that no channel is paused: for hosts that nobody told of any."""
    return False


async def receive(
    connector: Connector,
    delivery: Delivery,
    door: Door,
    *,
    keep_conflicts: bool = False,
    errands: Errands = AT_HOME,
    take: Take = freely,
    quiet: Quiet | None = None,
) -> Answer:
    """Take one delivery in, return what the sender is to be told, and report it. Never raises.

    Args:
        connector: The delivery's channel.
        delivery: What arrived.
        door: Where commands and letters go.
        keep_conflicts: Whether the host or the connector acknowledges a conflict, so that nobody will send it
            again and it must be kept.
        errands: What the host does outside for the connector.
        take: Makes room for what is fetched.
        quiet: Keeps a flood of refusals out of the log, where strangers can make one.
    """
    passage = Passage(delivery.trace_id, sent_span(delivery.headers, delivery.trace_id))
    within, watch = PASSAGE.set(passage), _Watch()
    try:
        answer = await _take_in(
            connector,
            delivery,
            door,
            errands,
            watch,
            keep_conflicts=keep_conflicts,
            take=take,
            quiet=quiet,
        )
    finally:
        PASSAGE.reset(within)
    door.remember(_arrival(delivery, answer))
    door.tell(
        DeliveryAnswered(
            service=connector.service,
            channel=delivery.channel,
            answer=str(answer.answered),
            trace_id=passage.trace_id,
            parent_id=passage.parent_id,
            verify_ms=watch.verified_ms,
            elapsed_ms=watch.elapsed_ms(),
        )
    )
    return answer


class _Watch:
    """How long a delivery took so far."""

    __slots__ = ("_began", "verified_ms")

    def __init__(self) -> None:
        self._began = perf_counter()
        self.verified_ms = 0.0

    def elapsed_ms(self) -> float:
        return (perf_counter() - self._began) * 1000


async def _take_in(
    connector: Connector,
    delivery: Delivery,
    door: Door,
    errands: Errands,
    watch: _Watch,
    *,
    keep_conflicts: bool,
    take: Take,
    quiet: Quiet | None,
) -> Answer:
    async def bring(channel: str, name: ObjectName) -> bytes:
        return await errands.bring(channel, name, take)

    try:
        try:
            try:
                verified: Verified | None = connector.verify(delivery)
            except EvidenceNeeded as needed:
                verified = await _verify_with(needed.url, connector, delivery, errands)
        except Refused as refusal:
            return await _refuse(connector, delivery, door, refusal, quiet)
        finally:
            watch.verified_ms = watch.elapsed_ms()
        if verified is None:
            return await _later(connector, delivery, door, "the evidence could not be fetched")
        return await _receive(connector, verified, door, errands, bring, keep_conflicts=keep_conflicts)
    except (StoreUnavailable, LaneFull) as error:
        return await _later(connector, delivery, door, type(error).__name__)
    except Exception as error:  # noqa: BLE001 - a sender never sees our faults: it comes again
        reason = type(error).__name__
        _log.exception("delivery_failed", channel=delivery.channel, trace_id=delivery.trace_id, reason=reason)
        return Answer(Answered.UNAVAILABLE, reason=_LATER, because=reason)


async def _verify_with(
    url: str, connector: Connector, delivery: Delivery, errands: Errands
) -> Verified | None:
    """Return the proof that rests on a document, None when that is not to be had now. Raises Refused."""
    if await errands.obtain(url) is Obtained.LATER:
        return None
    try:
        return connector.verify(delivery)
    except EvidenceNeeded as needed:
        raise Refused(str(needed)) from needed


async def _receive(
    connector: Connector,
    verified: Verified,
    door: Door,
    errands: Errands,
    bring: Bring,
    *,
    keep_conflicts: bool,
) -> Answer:
    delivery = verified.delivery
    try:
        translated = await understand(connector, verified, bring)
        understood = (
            await _placed(connector, translated, door) if isinstance(translated, Threaded) else translated
        )
    except StoreUnavailable:
        raise
    except UnreadableDelivery as error:
        return await _keep(connector, delivery, door, str(error), told=str(error))
    except Exception as error:  # noqa: BLE001 - our fault, but the letter is kept and the sender released
        _log.exception("translation_failed", channel=delivery.channel, trace_id=delivery.trace_id)
        return await _keep(connector, delivery, door, type(error).__name__)
    if isinstance(understood, Ignored):
        return await _ignore(connector, delivery, door, understood)
    if isinstance(understood, Handshake):
        if understood.visit:
            errands.visit(understood.visit, delivery.channel)
        return await _greet(connector, delivery, door, understood)
    try:
        return await _submit(understood, delivery, door)
    except UserDataRefused as error:
        return await _keep(connector, delivery, door, str(error))
    except KeyConflict as conflict:
        # Of a batch the other commands were kept, so it must not come again: a person sees to the rest.
        keep = keep_conflicts or len(understood) > 1
        repeated = isinstance(translated, Threaded)
        return await (
            _repeat(connector, delivery, door)
            if repeated
            else _conflict(connector, delivery, door, conflict, keep=keep)
        )


async def _placed(connector: Connector, threaded: Threaded, door: Door) -> tuple[Command, ...] | Ignored:
    placed = await place(connector, threaded, door)
    if isinstance(placed, tuple):
        await preserve(threaded, connector.channel, door)
    return placed


async def _submit(commands: tuple[Command, ...], delivery: Delivery, door: Door) -> Answer:
    receipts = await door.submit(commands)
    repeated = all(receipt.duplicate for receipt in receipts)
    answered = Answered.DUPLICATE if repeated else Answered.ACCEPTED
    _note("debug", "delivery_accepted", delivery, str(answered))
    return Answer(answered, receipts)


async def _repeat(connector: Connector, delivery: Delivery, door: Door) -> Answer:
    """Answer a message that was accepted before in another wrapping, such as by another way."""
    reason = "the same message was accepted before, with other headers"
    _note("info", "delivery_repeated", delivery, reason)
    await _tally(connector, door, Answered.DUPLICATE)
    return Answer(Answered.DUPLICATE, reason=reason)


async def _refuse(
    connector: Connector, delivery: Delivery, door: Door, refusal: Refused, quiet: Quiet | None
) -> Answer:
    times = quiet.times(f"{delivery.channel}:{Answered.REFUSED}") if quiet else 1
    if times:
        _note("warning", "delivery_refused", delivery, str(refusal), times=times)
    await _tally(connector, door, Answered.REFUSED)
    return Answer(Answered.REFUSED, reason=refusal.told, because=str(refusal))


async def _ignore(connector: Connector, delivery: Delivery, door: Door, ignored: Ignored) -> Answer:
    if ignored.noted:
        # Before anybody is told: what is let go must be there to be asked for.
        await door.note(
            Note(
                id=ignored.noted.id,
                service=connector.service,
                channel=delivery.channel,
                sort=ignored.noted.sort,
                reason=ignored.reason,
                arrived_at=delivery.arrived_at,
                domain=ignored.noted.domain,
            )
        )
    _note("info", "delivery_ignored", delivery, ignored.reason)
    await _tally(connector, door, Answered.IGNORED)
    return Answer(Answered.IGNORED, reason=ignored.reason)


async def _greet(connector: Connector, delivery: Delivery, door: Door, handshake: Handshake) -> Answer:
    _note("info", "delivery_greeted", delivery, handshake.reason)
    await _tally(connector, door, Answered.GREETED)
    return Answer(Answered.GREETED, reason=handshake.reason, reply=handshake.reply)


async def _later(connector: Connector, delivery: Delivery, door: Door, reason: str) -> Answer:
    _note("warning", "delivery_unavailable", delivery, reason)
    await _tally(connector, door, Answered.UNAVAILABLE)
    return Answer(Answered.UNAVAILABLE, reason=_LATER, because=reason)


async def _keep(
    connector: Connector, delivery: Delivery, door: Door, reason: str, *, told: str = ""
) -> Answer:
    letter = _letter(connector, delivery, reason)
    await door.keep(letter)
    _note("warning", "delivery_unreadable", delivery, reason, letter=letter.id)
    await _tally(connector, door, Answered.UNREADABLE)
    return Answer(Answered.UNREADABLE, reason=told, because=reason, letter=letter.id)


async def _conflict(
    connector: Connector, delivery: Delivery, door: Door, conflict: KeyConflict, *, keep: bool
) -> Answer:
    fingerprints = (conflict.first, conflict.second)
    reason = f"its key was accepted with another content (fingerprints {', '.join(fingerprints)})"
    letter = ""
    if keep:
        kept = _letter(connector, delivery, reason)
        await door.keep(kept)
        letter = kept.id
    _note("warning", "delivery_conflict", delivery, reason)
    await _tally(connector, door, Answered.CONFLICT)
    return Answer(Answered.CONFLICT, reason=reason, letter=letter, fingerprints=fingerprints)


def _arrival(delivery: Delivery, answer: Answer) -> Arrival:
    return Arrival(
        channel=delivery.channel,
        at=delivery.arrived_at,
        answer=answer.answered,
        reason=answer.because or answer.reason,
        size_bytes=len(delivery.body),
        external_ids=tuple(dict.fromkeys([receipt.external_id for receipt in answer.receipts])),
        trace_id=delivery.trace_id,
        letter=answer.letter,
    )


def _letter(connector: Connector, delivery: Delivery, reason: str) -> Unreadable:
    """Return the letter to keep; a delivery that comes again gets the same id and is kept once."""
    digest = hashlib.sha256(delivery.channel.encode() + b"\0" + delivery.body).hexdigest()
    return Unreadable(
        id=digest[:32],
        service=connector.service,
        channel=delivery.channel,
        reason=reason,
        arrived_at=delivery.arrived_at,
        peer=delivery.peer,
        headers=_evidence(delivery),
        url=delivery.url,
        body=delivery.body,
    )


def _evidence(delivery: Delivery) -> tuple[tuple[str, str], ...]:
    kept = tuple(pair for pair in delivery.headers.pairs if pair[0].lower() not in _CREDENTIALS)
    if delivery.envelope is None:
        return kept
    sender = delivery.envelope.mail_from
    return (
        *(() if sender is None else (("Return-Path", sender),)),
        *(("Delivered-To", address) for address in delivery.envelope.rcpt_tos),
        *kept,
    )


async def _tally(connector: Connector, door: Door, answered: Answered) -> None:
    await door.tally(connector.service, f"{connector.channel}:{answered}")


def _note(level: str, event: str, delivery: Delivery, reason: str, **more: str | int) -> None:
    write = getattr(_log, level)
    write(event, channel=delivery.channel, trace_id=delivery.trace_id, reason=reason, **more)
