"""Answers: what a caller of the command API is told."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, Field, JsonValue
from starlette.responses import Response

from connectors.hosts.commands.outcome import HistoryLine, Outcome, told_history
from worker.commands import ExternalId, Name
from worker.frozen import Frozen
from worker.interactions import EndedBy, State
from worker.lanes import LaneView, Receipt
from worker.outcomes import Snapshot
from worker.properties import OWN_PREFIX

#: Waiting commands that are listed.
LISTED: Final = 20


class Accepted(Frozen):
    """A command stands in its lane."""

    receipt: Receipt
    outcome: Outcome | None = Field(
        default=None, description="What became of it, where the caller wished to wait (`Prefer: wait=5`)."
    )


class WaitingCommand(Frozen):
    """A command in its lane."""

    sequence: int
    kind: str | None = Field(description="create, update or stop; null where a newer bridge wrote it.")
    accepted_at: AwareDatetime


class LedgerView(Frozen):
    """What the bridge knows of a conversation."""

    state: State
    generation: int = Field(description="Each follow-up after an end adds one.")
    remote_id: str = Field(description="The external id of the present generation at the API.")
    interaction_id: str | None = Field(description="The API's own id, where an answer told it.")
    parent_interaction_id: str | None
    channel: str | None = Field(description="The channel that opened the present generation.")
    opened_at: AwareDatetime | None
    last_activity_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    ended_by: EndedBy | None
    accepted: int = Field(description="How many commands the conversation was ever given.")
    waiting: tuple[WaitingCommand, ...] = Field(description=f"The {LISTED} oldest commands in the lane.")
    attempt: int = Field(description="How often the head of the lane was tried.")
    due: AwareDatetime | None = Field(description="When somebody looks at the lane next.")
    parked: bool = Field(description="Whether a buried create keeps the lane from moving.")
    history: tuple[HistoryLine, ...] = Field(description="What happened lately, oldest first.")


class LiveView(Frozen):
    """What the API says of the interaction now."""

    found: bool = Field(description="Whether there is a live interaction with this external id.")
    interaction_id: str | None = None
    state: str | None = None
    user_data: Mapping[str, JsonValue] = Field(default_factory=dict)


class InteractionView(Frozen):
    """One conversation."""

    service: Name
    external_id: ExternalId
    ledger: LedgerView | None = Field(description="Null where only the API knows it.")
    live: LiveView | None = Field(description="Null where nobody asked (`live=true`).")


class SentView(Frozen):
    """A mail that was sent, and where replies to it go."""

    service: Name
    channel: Name
    external_id: ExternalId = Field(description="The conversation; of a follow-up, the one it follows.")


def ledger_view(view: LaneView) -> LedgerView:
    """Return what the ledger says, as a caller is told it."""
    waiting = tuple(
        WaitingCommand(
            sequence=each.sequence,
            kind=each.command.kind if each.command else None,
            accepted_at=each.accepted_at,
        )
        for each in view.pending
    )
    return LedgerView(
        **view.interaction.model_dump(exclude={"service", "external_id", "idleness"}),
        remote_id=view.interaction.remote_id,
        accepted=view.accepted,
        waiting=waiting,
        attempt=view.attempt,
        due=view.due,
        parked=view.parked,
        history=told_history(view.history),
    )


def live_view(snapshot: Snapshot | None) -> LiveView:
    """Return what an answer of the API said of an interaction that is there.

    Our own marks are left out: among them is the idempotency key of whoever created it.
    """
    said = snapshot or Snapshot()
    shown = {name: value for name, value in said.user_data.items() if not name.startswith(OWN_PREFIX)}
    return LiveView(found=True, interaction_id=said.interaction_id, state=said.state, user_data=shown)


def interaction_path(service: str, external_id: str) -> str:
    """Return where an interaction is found."""
    return f"/v1/services/{quote(service, safe='')}/interactions/{quote(external_id, safe='')}"


def command_path(receipt: Receipt) -> str:
    """Return where a caller finds what became of its command."""
    return f"{interaction_path(receipt.service, receipt.external_id)}/commands/{receipt.sequence}"


def answer(status: int, content: BaseModel, **headers: Any) -> Response:  # noqa: ANN401 - text or a number
    """Return an answer in JSON; a header's name is written with underscores."""
    written = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return Response(
        content.model_dump_json(), status, {"Cache-Control": "no-store", **written}, "application/json"
    )
