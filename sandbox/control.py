"""The levers of the sandbox: behaviour, faults, script, clock, audit and interactions under `/sandbox/*`.

Answers are rendered by `answer.encode`: whatever a caller put in, odd text included, can be read back.
"""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Body, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel

from sandbox.answer import encode
from sandbox.audit import MOST_ENTRIES, Filter
from sandbox.behaviour import Behaviour
from sandbox.examples import BEHAVIOURS, RULES, SCRIPTS, openapi
from sandbox.fault import Fault
from sandbox.moment import to_fine_text
from sandbox.outage import Outage
from sandbox.shape import (
    AuditEntry,
    ClockSetting,
    ClockShown,
    Detail,
    Health,
    InteractionShown,
    OutageSetting,
)
from sandbox.world import World

_UNREADABLE: dict[int | str, dict[str, object]] = {
    400: {"model": Detail, "description": "not readable at all"}
}
_MISSING: dict[int | str, dict[str, object]] = {
    404: {"model": Detail, "description": "no such live interaction"}
}


def control(world: World, outage: Outage) -> APIRouter:
    """The routes that steer and watch one world."""
    router = APIRouter(prefix="/sandbox")
    _add_behaviour(router, world)
    _add_faults(router, world)
    _add_script(router, world)
    _add_outage(router, outage)
    _add_clock(router, world)
    _add_audit(router, world)
    _add_interactions(router, world)
    return router


def _add_behaviour(router: APIRouter, world: World) -> None:
    @router.get("/behaviour", response_model=Behaviour)
    async def read_behaviour() -> Response:
        """The reading of the contract in force."""
        return _model(world.behaviour)

    @router.put("/behaviour", response_model=Behaviour, responses=_UNREADABLE)
    async def replace_behaviour(
        behaviour: Annotated[Behaviour, Body(openapi_examples=openapi(BEHAVIOURS))],
    ) -> Response:
        """Read the contract otherwise from now on; a field left out takes its default."""
        world.behaviour = behaviour
        return _model(world.behaviour)


def _add_faults(router: APIRouter, world: World) -> None:
    @router.get("/faults", response_model=list[Fault])
    async def read_faults() -> Response:
        """The rules in force; `times` shows how often each may still strike."""
        return _models(world.faults.rules)

    @router.put("/faults", response_model=list[Fault], responses=_UNREADABLE)
    async def replace_faults(
        faults: Annotated[list[Fault], Body(openapi_examples=openapi(RULES))],
    ) -> Response:
        """Put these rules in force; the first one that strikes counts."""
        world.faults.rules = tuple(faults)
        return _models(world.faults.rules)

    @router.delete("/faults", response_model=list[Fault])
    async def delete_faults() -> Response:
        """Let nothing go wrong any more, the script apart."""
        world.faults.rules = ()
        return _models(())


def _add_script(router: APIRouter, world: World) -> None:
    @router.get("/script", response_model=list[Fault])
    async def read_script() -> Response:
        """What is left of the script."""
        return _models(world.faults.script)

    @router.put("/script", response_model=list[Fault], responses=_UNREADABLE)
    async def replace_script(
        script: Annotated[list[Fault], Body(openapi_examples=openapi(SCRIPTS))],
    ) -> Response:
        """Do this to the next calls, one after the other; `probability` and `times` mean nothing here."""
        world.faults.play(script)
        return _models(world.faults.script)

    @router.delete("/script", response_model=list[Fault])
    async def delete_script() -> Response:
        """Forget the rest of the script."""
        world.faults.script = ()
        return _models(())


def _add_outage(router: APIRouter, outage: Outage) -> None:
    @router.post("/outage", response_model=OutageSetting, responses=_UNREADABLE)
    async def begin_outage(setting: OutageSetting) -> Response:
        """Refuse every connection for so long, those to `/sandbox/*` too; this answer is still sent."""
        outage.begin(setting.for_s)
        return _model(setting)


def _add_clock(router: APIRouter, world: World) -> None:
    def shown() -> Response:
        return _model(ClockShown(offset_s=world.clock.offset_s, now=to_fine_text(world.clock())))

    @router.get("/clock", response_model=ClockShown)
    async def read_clock() -> Response:
        """The sandbox's time."""
        return shown()

    @router.put("/clock", response_model=ClockShown, responses=_UNREADABLE)
    async def turn_clock(setting: ClockSetting) -> Response:
        """Let the sandbox's clock run this far ahead of the machine's."""
        world.clock.offset_s = setting.offset_s
        return shown()


def _add_audit(router: APIRouter, world: World) -> None:
    @router.get("/audit", response_model=list[AuditEntry])
    async def read_audit(
        service: str | None = None,
        external_id: Annotated[str | None, Query(alias="externalId")] = None,
        since: AwareDatetime | None = None,
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int | None, Query(ge=0, le=MOST_ENTRIES)] = None,
    ) -> Response:
        """Every call to one of the seven endpoints, oldest first; `after` a `seq` reads page by page."""
        wanted = Filter(service=service, external_id=external_id, since=since, after=after, limit=limit)
        return _json([entry.shown() for entry in world.audit.select(wanted)])

    @router.get("/health", response_model=Health)
    async def read_health() -> Response:
        """Whether the sandbox is up."""
        return _model(Health())


def _add_interactions(router: APIRouter, world: World) -> None:
    @router.get("/interactions", response_model=list[InteractionShown])
    async def read_interactions(
        service: str | None = None, external_id: Annotated[str | None, Query(alias="externalId")] = None
    ) -> Response:
        """Every interaction: the live ones, then the ended ones, each oldest first."""
        return _json(
            [
                interaction.described()
                for interaction in world.state
                if service in {None, interaction.service} and external_id in {None, interaction.external_id}
            ]
        )

    @router.post("/interactions/{interactionId}/finish", response_model=InteractionShown, responses=_MISSING)
    async def finish_interaction(interactionId: str) -> Response:  # noqa: N803  # the API's own spelling
        """Let an agent finish the interaction, as happens behind the API's back at any time."""
        finished = world.finish(interactionId)
        if finished is None:
            return _json({"detail": "no such live interaction"}, status=404)
        return _json(finished.described())


def _json(value: object, status: int = 200) -> Response:
    return Response(encode(value), status_code=status, media_type="application/json")


def _model(value: BaseModel) -> Response:
    return _json(value.model_dump())


def _models(values: Iterable[BaseModel]) -> Response:
    return _json([value.model_dump() for value in values])
