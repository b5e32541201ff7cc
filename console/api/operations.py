"""Operations of the admin API, as FastAPI describes and checks them: acts here, questions in `questions`."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Path
from starlette.responses import Response

from console.actions import Actions
from console.api import description
from console.api.answers import (
    Called,
    Done,
    EditView,
    Retried,
    RunView,
    answer,
)
from console.api.bodies import DiscardBody, EditBody, ReasonBody, ReplayBody, RetryBody, StopBody, SweepBody
from console.api.guard import Asked
from worker.sweeps import Sweep

Service = Annotated[str, Path(description="The service's name in the settings.", examples=["support"])]
Channel = Annotated[str, Path(description="The channel's name in the settings.", examples=["tickets"])]
Name = Annotated[str, Path(description="A person's name, as the audit log has it.", examples=["ann"])]
LetterId = Annotated[str, Path(description="A dead letter's id, or the beginning of it.")]
RunId = Annotated[str, Path(description="A run's id, as the answer that began it says.")]


def add_service_acts(router: APIRouter, actions: Actions) -> None:
    """Add what is done to services and channels."""

    @router.post("/services/{service}/pause", summary="Pause a service", **description.act(Done))
    async def pause_service(request: Asked, service: Service, body: ReasonBody) -> Response:
        """Send nothing more to it; what arrives is accepted and kept in order."""
        await actions.pause_service(request.by, service, reason=body.reason)
        return answer(Done())

    @router.post("/services/{service}/resume", summary="Resume a service", **description.act(Done))
    async def resume_service(request: Asked, service: Service) -> Response:
        """Lift a pause and a hold, and wake the workers."""
        before, _ = await actions.resume_service(request.by, service)
        return answer(Done(before=before.gate))

    @router.post("/services/{service}/retry-now", summary="Retry now", **description.act(Retried))
    async def retry_now(request: Asked, service: Service, body: RetryBody | None = None) -> Response:
        """Try what backs off now instead of later. The body may be left out."""
        asked = body or RetryBody()
        lanes, _ = await actions.retry_now(request.by, service, external_id=asked.external_id)
        return answer(Retried(lanes=lanes))

    @router.post("/services/{service}/test-call", summary="Test call", **description.act(Called))
    async def test_call(request: Asked, service: Service) -> Response:
        """Ask the service for an interaction that nobody has: its answer says whether it takes the key."""
        return answer(Called.of(await actions.test_call(request.by, service)))

    @router.post("/subscriptions/{name}/send-test", summary="Test event", **description.act(Called))
    async def send_test(request: Asked, name: str) -> Response:
        """Post a test event to a subscription."""
        _, came = await actions.send_test(request.by, name)
        return answer(Called.of(came))

    @router.post("/channels/{channel}/pause", summary="Pause a channel", **description.act(Done))
    async def pause_channel(request: Asked, channel: Channel, body: StopBody) -> Response:
        """Let nothing in by it: its senders are told to come again later. Or hold what comes in."""
        await actions.pause_channel(request.by, channel, reason=body.reason, hold=body.hold)
        return answer(Done())

    @router.post("/channels/{channel}/resume", summary="Resume a channel", **description.act(Done))
    async def resume_channel(request: Asked, channel: Channel) -> Response:
        """Let its senders in again, and let go what was held; takes two seconds for that."""
        stops = await actions.resume_channel(request.by, channel)
        return answer(Done(before=stops.reason or ""))


def add_people_acts(router: APIRouter, actions: Actions) -> None:
    """Add what is done about people."""

    @router.post("/people/{name}/end-visits", summary="End somebody's visits", **description.act(Done))
    async def end_visits(request: Asked, name: Name, body: ReasonBody) -> Response:
        """Log somebody out of every browser. Takes the role admin."""
        await actions.end_visits(request.by, name, reason=body.reason)
        return answer(Done())


def add_letter_acts(router: APIRouter, actions: Actions) -> None:
    """Add what is done to dead letters."""
    letters = "/services/{service}/dead-letters"

    @router.post(letters + "/replay", summary="Replay dead letters", **description.begin(RunView))
    async def replay(request: Asked, service: Service, body: ReplayBody) -> Response:
        """Begin to bring back what fits, the oldest first; the answer names the run."""
        run = await actions.start_replay(
            request.by, service, body.wanted, everything=body.everything, rate=body.rate
        )
        return answer(RunView.of(run), 202, Location=f"/admin/v1/runs/{run.id}")

    @router.post(letters + "/discard", summary="Discard dead letters", **description.begin(RunView))
    async def discard(request: Asked, service: Service, body: DiscardBody) -> Response:
        """Begin to give up for good what fits; the answer names the run."""
        run = await actions.start_discard(
            request.by, service, body.wanted, reason=body.reason, everything=body.everything
        )
        return answer(RunView.of(run), 202, Location=f"/admin/v1/runs/{run.id}")

    @router.post(letters + "/{letter_id}/edit", summary="Edit a dead letter", **description.act(EditView))
    async def edit(request: Asked, service: Service, letter_id: LetterId, body: EditBody) -> Response:
        """Mend a dead command and bring it back; `dry_run` only says what would change."""
        sets = [f"{path}={orjson.dumps(value).decode()}" for path, value in body.set.items()]
        if body.dry_run:
            await actions.reveal(request.by, f"{service}/{letter_id}")
            done = await actions.foresee_edit(service, letter_id, sets=sets, unsets=body.unset)
        else:
            done = await actions.edit(request.by, service, letter_id, sets=sets, unsets=body.unset)
        return answer(EditView.of(done))

    @router.post("/runs/{run_id}/cancel", summary="Cancel a run", **description.act(RunView))
    async def cancel_run(request: Asked, run_id: RunId) -> Response:
        """Stop it between two letters; what is done stays done."""
        return answer(RunView.of(await actions.cancel_run(request.by, run_id)))


def add_sweep_acts(router: APIRouter, actions: Actions) -> None:
    """Add what is done about stale interactions."""

    @router.post("/services/{service}/sweeps", summary="Sweep", **description.act(Sweep))
    async def sweep(request: Asked, service: Service, body: SweepBody | None = None) -> Response:
        """Stop what went stale now. The body may be left out."""
        asked = body or SweepBody()
        return answer(await actions.sweep(request.by, service, cap=asked.cap))

    @router.post("/services/{service}/sweeps/plan", summary="Plan a sweep", **description.act(Sweep))
    async def plan_sweep(service: Service) -> Response:
        """Say what a sweep would do now; nothing is written."""
        return answer(await actions.plan_sweep(service))

    @router.post("/services/{service}/sweeps/pause", summary="Pause sweeps", **description.act(Done))
    async def pause_sweeps(request: Asked, service: Service, body: ReasonBody) -> Response:
        """Let no sweep of a service stop anything, not even what waits to be stopped."""
        await actions.pause_sweeps(request.by, service, reason=body.reason)
        return answer(Done())

    @router.post("/services/{service}/sweeps/resume", summary="Resume sweeps", **description.act(Done))
    async def resume_sweeps(request: Asked, service: Service) -> Response:
        """Let the sweeps of a service go on."""
        return answer(Done(before=await actions.resume_sweeps(request.by, service)))
