"""The Celery processes: `celery -A worker.app worker` and `… beat`, with the flags that suit the bridge."""

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

import click
from celery import signals

from worker.app import app
from worker.heartbeat import Heartbeat
from worker.wiring import broker_url, read_configuration

#: Workers say nothing to one another: nobody listens, and it costs start-up time and load.
_WORKER: Final = ("worker", "--without-gossip", "--without-mingle", "--without-heartbeat")
_BEAT: Final = ("beat",)


def run_worker(
    arguments: Sequence[str], *, ready_file: Path | None = None, heartbeat_file: Path | None = None
) -> NoReturn:
    """Become a worker. Raises SettingsError before that.

    Args:
        arguments: Celery's own.
        ready_file: Made once the worker takes work.
        heartbeat_file: Touched every few seconds from then on, for as long as it gets anything done.
    """
    heart = Heartbeat(heartbeat_file) if heartbeat_file else None

    def tell(**_: object) -> None:
        from worker.tasks import holder  # noqa: PLC0415 - Celery imports its tasks when it starts

        if heart is not None:
            holder.get().beat(heart)
        if ready_file is not None:
            ready_file.touch()

    signals.worker_ready.connect(tell, weak=False)
    _run((*_WORKER, *arguments))


def run_beat(arguments: Sequence[str], *, heartbeat_file: Path | None = None) -> NoReturn:
    """Become the beat; `heartbeat_file` is touched whenever it sent something. Raises SettingsError."""
    if heartbeat_file is not None:
        heart = Heartbeat(heartbeat_file)
        signals.after_task_publish.connect(lambda **_: heart.beat(), weak=False)
    _run((*_BEAT, *arguments))


def _run(arguments: Sequence[str]) -> NoReturn:
    broker_url(*read_configuration())  # says in one sentence what Celery would say in a traceback
    # Celery warns of running as root because of pickle, which the bridge never accepts
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
    quiet = ["--quiet", *arguments]
    if not any(each.startswith(("--loglevel", "-l")) for each in arguments):
        quiet += ["--loglevel", "warning"]
    try:
        sys.exit(app.start(argv=quiet))
    except click.ClickException as error:  # Celery's own command line leaves its usage errors to us
        error.show()
        sys.exit(error.exit_code)
