"""Questions of the admin API, as FastAPI describes and checks them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime
from starlette.responses import Response

from connectors.hosts.commands.bodies import AddressableId
from console.actions import Actions
from console.api import description
from console.api.answers import (
    ChannelList,
    ConversationView,
    DeedList,
    LetterList,
    LetterView,
    Plan,
    RunList,
    RunView,
    ServiceList,
    ServiceView,
    SweepList,
    TrialView,
    answer,
)
from console.api.bodies import ChoiceBody, TryBody
from console.api.desk import Desk
from console.api.guard import Asked
from console.api.operations import Channel, LetterId, RunId, Service
from worker.deadletters import Filter

_ExternalId = Annotated[AddressableId, Path(description="The conversation's external id, percent-encoded.")]
_Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many.")]
_Text = Annotated[str, Query(max_length=200)]


def add_questions(router: APIRouter, desk: Desk, actions: Actions) -> None:
    """Add what is asked about services, channels and what people did."""

    @router.get("/services", summary="Every service", **description.question(ServiceList))
    async def services() -> Response:
        """Say how every service and subscription stands."""
        return answer(await desk.services())

    @router.get("/services/{service}", summary="One service", **description.question(ServiceView))
    async def service_(service: Service) -> Response:
        """Say how one service stands."""
        return answer(await desk.service(service))

    @router.get("/channels", summary="Every channel", **description.question(ChannelList))
    async def channels() -> Response:
        """Say which channels there are, and which are paused."""
        return answer(await desk.channels())

    @router.post("/channels/{channel}/try", summary="Try a delivery", **description.act(TrialView))
    async def try_channel(request: Asked, channel: Channel, body: TryBody) -> Response:
        """Say what a channel would make of a delivery; nothing is sent or kept."""
        return answer(await desk.try_channel(request.by, channel, body))

    @router.get(
        "/services/{service}/interactions/{external_id}",
        summary="One conversation",
        **description.question(ConversationView),
    )
    async def conversation(service: Service, external_id: _ExternalId) -> Response:
        """Say what the ledger knows of it, what waits and what happened; not what its commands carry."""
        return answer(await desk.conversation(service, external_id))

    @router.get("/runs", summary="Every run", **description.question(RunList))
    async def runs() -> Response:
        """Return the replays and discards that were begun here, newest first."""
        return answer(RunList(runs=tuple(map(RunView.of, actions.runs.all()))))

    @router.get("/runs/{run_id}", summary="One run", **description.question(RunView))
    async def run(run_id: RunId) -> Response:
        """Say how far a replay or discard is."""
        return answer(RunView.of(actions.runs.find(run_id)))

    @router.get("/audit-log", summary="What people did", **description.question(DeedList))
    async def audit_log(
        request: Asked, limit: _Limit = 100, before: Annotated[AwareDatetime | None, Query()] = None
    ) -> Response:
        """Return the last acts, looks at personal data and log-ins, newest first. Takes the role admin."""
        return answer(await desk.deeds(request.by, limit=limit, before=before))


def add_letter_questions(router: APIRouter, desk: Desk) -> None:
    """Add what is asked about dead letters and sweeps."""
    letters = "/services/{service}/dead-letters"

    @router.get(letters, summary="Dead letters", **description.question(LetterList))
    async def list_letters(
        service: Service,
        cause: _Text = "",
        channel: _Text = "",
        external_id: _Text = "",
        limit: _Limit = 100,
    ) -> Response:
        """Return those that fit in groups, and the newest of them one by one, without what they carry."""
        wanted = Filter(cause=cause, channel=channel, external_id=external_id)
        return answer(await desk.letters(service, wanted, limit=limit))

    @router.get(letters + "/{letter_id}", summary="One dead letter", **description.question(LetterView))
    async def letter(request: Asked, service: Service, letter_id: LetterId) -> Response:
        """Return everything it carries, and its history. Takes the role operator, and is recorded."""
        return answer(await desk.letter(request.by, service, letter_id))

    @router.post(letters + "/plan", summary="Plan a replay or discard", **description.act(Plan))
    async def plan(service: Service, body: ChoiceBody) -> Response:
        """Say which dead letters would be meant; nothing is written."""
        return answer(await desk.plan(service, body.wanted))

    @router.get("/services/{service}/sweeps", summary="Last sweeps", **description.question(SweepList))
    async def sweeps(service: Service, limit: _Limit = 20) -> Response:
        """Say what the last sweeps did."""
        return answer(await desk.sweeps(service, limit=limit))
