"""Operations: the six things a caller can ask for, as FastAPI describes and checks them."""

from typing import Annotated

from fastapi import Body, FastAPI, Path, Query
from starlette.responses import Response

from connectors.hosts.commands import description
from connectors.hosts.commands.answers import InteractionView, SentView
from connectors.hosts.commands.bodies import AddressableId, CreateBody, SentBody, StopBody, UpdateBody
from connectors.hosts.commands.desk import Desk
from connectors.hosts.commands.guard import Asked
from connectors.hosts.commands.outcome import Outcome
from worker.commands import Name

_Service = Annotated[
    Name, Path(description="The service's name in the bridge's settings.", examples=["support"])
]
_ExternalId = Annotated[
    AddressableId,
    Path(
        description="Your name for the conversation, percent-encoded, slashes too.", examples=["order/1042"]
    ),
]
_Sequence = Annotated[
    int, Path(description="The command's number, as its receipt says.", ge=1, le=2**53, examples=[1])
]
_Live = Annotated[bool, Query(description="Ask the Open Media API as well, which takes one call to it.")]

_COLLECTION = "/v1/services/{service}/interactions"
_ONE = _COLLECTION + "/{external_id}"


def add_operations(app: FastAPI, desk: Desk) -> None:
    """Add the operations to an application."""
    _add_commands(app, desk)
    _add_sent(app, desk)
    _add_questions(app, desk)


def _add_commands(app: FastAPI, desk: Desk) -> None:
    @app.post(_COLLECTION, summary="Create an interaction", **description.COMMAND)
    async def create(
        request: Asked,
        service: _Service,
        body: Annotated[CreateBody, Body(openapi_examples=description.CREATE)],
    ) -> Response:
        """Open an interaction, or take over the one that bears this external id (`on_conflict`)."""
        return await desk.submit(request, {"kind": "create", "service": service, **dict(body)})

    @app.post(_ONE + "/update", summary="Update an interaction", **description.COMMAND)
    async def update(
        request: Asked,
        service: _Service,
        external_id: _ExternalId,
        body: Annotated[UpdateBody, Body(openapi_examples=description.UPDATE)],
    ) -> Response:
        """Change properties; creates what was never created and follows up what has ended, as it says."""
        about = {"kind": "update", "service": service, "external_id": external_id}
        return await desk.submit(request, {**about, **dict(body)})

    @app.post(_ONE + "/stop", summary="Stop an interaction", **description.COMMAND)
    async def stop(
        request: Asked,
        service: _Service,
        external_id: _ExternalId,
        body: Annotated[StopBody | None, Body(openapi_examples=description.STOP)] = None,
    ) -> Response:
        """End an interaction; one that is gone already counts as ended. The body may be left out."""
        about = {"kind": "stop", "service": service, "external_id": external_id}
        return await desk.submit(request, {**about, **dict(body or StopBody())})


def _add_sent(app: FastAPI, desk: Desk) -> None:
    @app.post(_ONE + "/sent", summary="Say that a mail was sent", response_model=SentView, **description.SENT)
    async def sent(
        request: Asked,  # noqa: ARG001 - through it the body was read and checked
        service: _Service,
        external_id: _ExternalId,
        body: SentBody,
    ) -> Response:
        """Let replies to a mail find this conversation. Saying it again is harmless; no key is needed."""
        return await desk.sent(service, external_id, body)


def _add_questions(app: FastAPI, desk: Desk) -> None:
    @app.get(_ONE, summary="Read an interaction", response_model=InteractionView, **description.QUESTION)
    async def read_interaction(
        request: Asked,
        service: _Service,
        external_id: _ExternalId,
        live: _Live = False,  # noqa: FBT002 - a query's parameter, always named
    ) -> Response:
        """Say what the ledger knows of a conversation, and what the API says of it where `live` is asked."""
        return await desk.interaction(service, external_id, live=live, trace_id=request.trace_id)

    @app.get(
        _ONE + "/commands/{sequence}",
        summary="Read what became of a command",
        response_model=Outcome,
        **description.QUESTION,
    )
    async def read_command(service: _Service, external_id: _ExternalId, sequence: _Sequence) -> Response:
        """Say where a command stands: waiting, applied, merged, buried, discarded or forgotten."""
        return await desk.command(service, external_id, sequence)
