"""Celery's tasks: `drain`, `tick` and `sweep` of the bridge, and a door for the house's other producers.

The door is used by name, without importing anything of the bridge:
`app.send_task("bridge.create_interaction", kwargs={...}, queue="bridge.commands")`.
"""

import logging
import time
from datetime import UTC, datetime
from typing import Any, Final

from celery import Task, signals
from celery.concurrency.prefork import TaskPool as PreforkPool
from celery.exceptions import Reject
from pydantic import TypeAdapter

from worker.app import app
from worker.collector import leave_alone_what_stays
from worker.commands import Command
from worker.doorbell import DRAIN
from worker.errors import BridgeError, LaneFull, StoreUnavailable, UnknownService
from worker.lanes import Partition
from worker.observing import Observer
from worker.process import ProcessHolder
from worker.telemetry import logs
from worker.telemetry.health import Health, Pulse
from worker.wiring import new_id, read_configuration

_COMMANDS: Final[TypeAdapter[Command]] = TypeAdapter(Command)
#: How long a command that cannot be accepted just now rests before it goes back to the broker.
_REST_S: Final = 1.0
#: How long a beat may send nothing before it counts as dead: so many ticks, and at least so many seconds.
_SILENT_TICKS: Final = 10
_SILENT_S: Final = 30.0
#: A setting of celeryconfig.py of whose default Celery warns all the same.
_DECIDED: Final = "worker_cancel_long_running_tasks_on_connection_loss"

holder = ProcessHolder(app)


@app.task(name=DRAIN)
def drain(service: str, partition: int, hops: int = 0) -> None:
    """Work on what is due in a partition; a service this worker does not know is left to others."""
    process = holder.get()
    crew = process.bridge.crews.get(service)
    if crew is not None and not process.bridge.stopping:
        process.run(crew.drain(Partition(service, partition), hops=hops))


@app.task(name="bridge.tick")
def tick() -> None:
    """Ring whatever is due."""
    process = holder.get()
    process.run(process.bridge.tick())


@app.task(name="bridge.sweep")
def sweep() -> None:
    """Sweep the services whose turn it is; however often this is rung, each turn is taken once."""
    process = holder.get()
    if not process.bridge.stopping:
        process.run(process.bridge.sweeper.take_turns())


@app.task(name="bridge.reconcile")
def reconcile() -> None:
    """Check some of what the ledgers hold open."""
    process = holder.get()
    process.run(process.bridge.chores.reconcile())


@app.task(name="bridge.audit")
def audit() -> None:
    """Hold the next part of the store against the rules."""
    process = holder.get()
    process.run(process.bridge.chores.audit())


@app.task(name="bridge.prune")
def prune() -> None:
    """Throw away what was kept for long enough."""
    process = holder.get()
    process.run(process.bridge.chores.prune())


@app.task(name="bridge.create_interaction", bind=True)
def create_interaction(self: Task, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - checked by the vocabulary
    """Submit a create: the fields of `worker.commands.Create`; see `_submit` for what may be left out."""
    return _submit(self, "create", fields)


@app.task(name="bridge.update_interaction", bind=True)
def update_interaction(self: Task, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - checked by the vocabulary
    """Submit an update: the fields of `worker.commands.Update`; see `_submit` for what may be left out."""
    return _submit(self, "update", fields)


@app.task(name="bridge.stop_interaction", bind=True)
def stop_interaction(self: Task, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - checked by the vocabulary
    """Submit a stop: the fields of `worker.commands.Stop`; see `_submit` for what may be left out."""
    return _submit(self, "stop", fields)


def _submit(task: Task, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Submit a command and return its receipt.

    May be left out: `channel` ("celery"), `idempotency_key` (the message's own id, which a repeated delivery
    keeps), `received_at` (now), `trace_id` (new). While the store is away or the lane is full, the message
    goes back to the broker.
    """
    defaults = {
        "channel": "celery",
        "idempotency_key": f"celery:{task.request.id}",
        "received_at": datetime.now(UTC),
        "trace_id": new_id(),
    }
    command = _COMMANDS.validate_python({**defaults, **fields, "kind": kind})
    process = holder.get()
    try:
        (receipt,) = process.run(process.bridge.intake.submit([command]))
    except (StoreUnavailable, LaneFull, UnknownService) as error:
        time.sleep(_REST_S)
        raise Reject(str(error), requeue=True) from error
    return receipt.model_dump(mode="json")


@signals.setup_logging.connect(weak=False)
def _set_up_logging(**_: object) -> None:
    settings, _secrets = read_configuration()
    logs.configure(settings.log_format, settings.log_level)
    # Over quorum queues it warns of delays, queue by queue and at each start: no message of ours has one.
    logging.getLogger("kombu.transport.native_delayed_delivery").setLevel(logging.ERROR)
    # Whenever the broker was away, six lines on what celeryconfig.py has decided.
    logging.getLogger("py.warnings").addFilter(lambda said: _DECIDED not in said.getMessage())


@signals.worker_init.connect(weak=False)
def _begin(**_: object) -> None:
    """Build everything before the first ring, and refuse to start where a promise could not be kept."""
    try:
        holder.get()
    except BridgeError as error:
        raise SystemExit(f"bridge worker: {error}") from error


@signals.worker_ready.connect(weak=False)
def _watch_over(sender: Any = None, **_: object) -> None:  # noqa: ANN401 - Celery's consumer has no type
    """Let the watchdog see to it that this process keeps looking for work, and whoever asks see how it is."""
    # In a pool of processes it is the children who drain: this one would always be found idle, and counting
    # nothing.
    if isinstance(sender.pool, PreforkPool):
        return
    process = holder.get()
    process.guard()
    process.show()
    leave_alone_what_stays()
    try:
        process.tell()
    except BridgeError as error:
        raise SystemExit(f"bridge worker: {error}") from error


@signals.beat_init.connect(weak=False)
def _tell_of_beat(**_: object) -> None:
    """Let whoever asks see how the beat is: it lives while it sends."""
    settings, secrets = read_configuration()
    pulse = Pulse(max(_SILENT_TICKS * settings.worker.tick_s, _SILENT_S))
    signals.after_task_publish.connect(lambda **_: pulse.beat(), weak=False)
    try:
        Observer(settings, secrets, "beat").serve(Health(pulse.live, pulse.ready), app)
    except BridgeError as error:
        raise SystemExit(f"bridge beat: {error}") from error


@signals.worker_shutting_down.connect(weak=False)
def _stop(**_: object) -> None:
    holder.stop()


@signals.worker_shutdown.connect(weak=False)
def _end(**_: object) -> None:
    holder.close()
