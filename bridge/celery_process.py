"""The Celery processes: `celery -A worker.app worker` and `… beat`, with the flags that suit the bridge."""

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

import click
from celery import signals

from worker.app import app
from worker.wiring import broker_url, read_configuration

#: Workers say nothing to one another: nobody listens, and it costs start-up time and load.
_WORKER: Final = ("worker", "--without-gossip", "--without-mingle", "--without-heartbeat")
_BEAT: Final = ("beat",)


def run_worker(arguments: Sequence[str], *, ready_file: Path | None = None) -> NoReturn:
    """Become a worker; `ready_file` is made once it takes work. Raises SettingsError before that."""

    def tell(**_: object) -> None:
        if ready_file is not None:
            ready_file.touch()

    signals.worker_ready.connect(tell, weak=False)
    _run((*_WORKER, *arguments))


def run_beat(arguments: Sequence[str]) -> NoReturn:
    """Become the beat. Raises SettingsError."""
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
