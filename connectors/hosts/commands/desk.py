"""The desk: what the operations of the command API do, once a request is known to be in order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter
from starlette.responses import Response

from connectors.answering import Answering, KnownElsewhere, UnfitMessage, UnknownConversation, register
from connectors.hosts.commands.answers import (
    LISTED,
    Accepted,
    InteractionView,
    LiveView,
    SentView,
    answer,
    command_path,
    ledger_view,
    live_view,
)
from connectors.hosts.commands.bodies import SentBody
from connectors.hosts.commands.fields import idempotency_key, wished_wait
from connectors.hosts.commands.guard import Asked
from connectors.hosts.commands.outcome import Outcome
from connectors.hosts.commands.problems import API_FAILED, ELSEWHERE, INVALID, NOT_FOUND, UNAVAILABLE, Problem
from connectors.hosts.commands.waiting import WaitingRoom
from worker.commands import Command
from worker.lanes import Receipt
from worker.operations import ByExternalId, GetInteraction
from worker.outcomes import NotFound, Ok, Overloaded
from worker.ports import Api, Clock, Door, Ledger

_COMMANDS: Final[TypeAdapter[Command]] = TypeAdapter(Command)


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything an operation touches."""

    door: Door
    ledger: Ledger
    #: Gives a service's API, for live reads.
    api: Callable[[str], Api]
    clock: Clock
    room: WaitingRoom
    #: The longest that a caller may wait.
    longest_wait_s: float
    #: The mail channels, by name.
    mail: Mapping[str, Answering] = field(default_factory=dict)

    async def submit(self, asked: Asked, fields: dict[str, Any]) -> Response:
        """Accept a command, and wait for its outcome where the caller wishes to and there is a seat."""
        key = idempotency_key(asked.headers.getlist("idempotency-key"))
        channel = asked.by.channel
        command = _COMMANDS.validate_python(
            {
                "idempotency_key": f"{channel}:{key}",
                "channel": channel,
                "trace_id": asked.trace_id,
                **fields,
                "received_at": fields["received_at"] or self.clock(),
            }
        )
        (receipt,) = await self.door.submit([command])
        wait = wished_wait(asked.headers.getlist("prefer"), longest_s=self.longest_wait_s)
        outcome = await self.room.outcome(receipt, seconds=wait) if wait else None
        return _accepted(receipt, outcome, wait)

    async def sent(self, service: str, external_id: str, body: SentBody) -> Response:
        """Remember a mail that was sent into a conversation."""
        channel = self.mail.get(body.channel)
        if channel is None or channel.service != service:
            raise Problem(INVALID, f"There is no mail channel {body.channel!r} of this service.")
        try:
            sent = channel.sent(body.message_id, sender=body.sender)
            conversation = await register(channel, self.door, self.ledger, external_id, sent)
        except UnfitMessage as error:
            raise Problem(INVALID, f"{error}.") from error
        except UnknownConversation as error:
            raise Problem(NOT_FOUND, "Nothing is known of an interaction with this external id.") from error
        except KnownElsewhere as error:
            told = "The mail is known as another conversation's."
            raise Problem(ELSEWHERE, told, external_id=error.conversation) from error
        return answer(200, SentView(service=service, channel=body.channel, external_id=conversation))

    async def command(self, service: str, external_id: str, sequence: int) -> Response:
        """Say what became of a command."""
        outcome = await self.room.look(service, external_id, sequence)
        if outcome is None:
            raise Problem(NOT_FOUND, "No such command of this interaction is known.")
        return answer(200, outcome)

    async def interaction(self, service: str, external_id: str, *, live: bool, trace_id: str) -> Response:
        """Say what is known of an interaction."""
        view = await self.ledger.view(service, external_id, pending=LISTED)
        remote_id = view.interaction.remote_id if view else external_id
        seen = await self._ask(service, remote_id, trace_id) if live else None
        if view is None and not (seen and seen.found):
            raise Problem(NOT_FOUND, "Nothing is known of an interaction with this external id.")
        ledger = ledger_view(view) if view else None
        return answer(
            200, InteractionView(service=service, external_id=external_id, ledger=ledger, live=seen)
        )

    async def _ask(self, service: str, remote_id: str, trace_id: str) -> LiveView:
        """Ask the API itself. Raises Problem."""
        outcome = await self.api(service).send(GetInteraction(ByExternalId(remote_id)), trace_id=trace_id)
        match outcome:
            case Ok():
                return live_view(outcome.snapshot)
            case NotFound():
                return LiveView(found=False)
            case Overloaded():
                raise Problem(UNAVAILABLE, "The Open Media API is overloaded; ask again later.")
            case _:
                said = outcome.evidence.detail or f"status {outcome.evidence.status}"
                raise Problem(API_FAILED, f"The Open Media API gave no usable answer: {said}.")


def _accepted(receipt: Receipt, outcome: Outcome | None, wait: int) -> Response:
    """202 while the outcome is open, 200 once it is known."""
    known = outcome is not None and outcome.is_known
    headers: dict[str, Any] = {"Location": command_path(receipt)}
    if outcome is not None:
        headers["Preference_Applied"] = f"wait={wait}"
    return answer(200 if known else 202, Accepted(receipt=receipt, outcome=outcome), **headers)
