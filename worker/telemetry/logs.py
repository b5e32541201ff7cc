"""Logs: every event as one line, an event name with fields. Never bodies, never secrets."""

import logging
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Literal, get_args

import structlog

from worker.events import (
    BreakerOpened,
    CallAnswered,
    CommandBuried,
    DeliveryAnswered,
    DrainFailed,
    Event,
    LaneClaimed,
    LeaseLost,
    NoticeLetGo,
    RelayFailed,
    RequestAnswered,
    RequestRejected,
    RingFailed,
    ServiceHeld,
    ServicePaused,
    StoreDoubtful,
)
from worker.telemetry import outages
from worker.upkeep_events import AuditRepaired, ReconcileDoubted, SweepRefused, UpkeepFailed, WorkerStuck

_ERRORS = (AuditRepaired, ReconcileDoubted, SweepRefused, WorkerStuck)
_WARNINGS = (
    BreakerOpened,
    CommandBuried,
    DrainFailed,
    LeaseLost,
    NoticeLetGo,
    RelayFailed,
    RingFailed,
    ServiceHeld,
    ServicePaused,
    StoreDoubtful,
    UpkeepFailed,
)
#: What the ends of these are told of, or a line of its own, says enough.
_DETAILS = (CallAnswered, DeliveryAnswered, LaneClaimed, RequestAnswered, RequestRejected)
#: What no line needs: the history of each says into which it was merged.
_UNSAID = frozenset({"joined"})
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def configure(log_format: Literal["auto", "json", "console"], level: str) -> None:
    """Set up structlog and the standard library's logging for this process, on standard error."""
    as_json = log_format == "json" or (log_format == "auto" and not sys.stderr.isatty())
    renderer: Any = structlog.processors.JSONRenderer(default=_plain) if as_json else _for_people()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    numeric = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer]
        if as_json
        else [*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        # who looks for something sees everything
        foreign_pre_chain=shared if numeric <= logging.DEBUG else [*shared, outages.told],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *([structlog.processors.format_exc_info] if as_json else []),
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries speak up when something is wrong; what they do otherwise is in our own events.
    root.setLevel(max(numeric, logging.WARNING))


def _plain(value: object) -> str:
    """Return what JSON has no word for as text that a program can read."""
    return value.isoformat() if isinstance(value, datetime) else repr(value)


def _for_people() -> structlog.dev.ConsoleRenderer:
    # a decorated traceback would have colours of its own, and would show local variables: bodies and secrets
    return structlog.dev.ConsoleRenderer(
        colors=not os.environ.get("NO_COLOR"),  # https://no-color.org: set and not empty
        exception_formatter=structlog.dev.plain_traceback,
    )


def listener(**bound: str) -> "LogListener":
    """Return a listener that writes every event as a log line."""
    return LogListener(structlog.get_logger(**bound))


class LogListener:
    """Implements `worker.ports.Listener`."""

    def __init__(self, log: Any) -> None:  # noqa: ANN401 - structlog's loggers have no common type
        self._lazy = log
        self._bound: Any = None

    @property
    def _log(self) -> Any:  # noqa: ANN401 - as above
        """The logger, bound once: what structlog gives out would be bound anew for every event.

        Not before it is known how lines are written: a worker makes its listeners earlier than that.
        """
        if self._bound is None and structlog.is_configured():
            self._bound = self._lazy.bind()
        return self._bound or self._lazy.bind()

    def __call__(self, event: Event) -> None:
        """Write one line."""
        level, names = _SHAPES[type(event)]
        # Most events are never written where only warnings are: they must not cost what writing costs.
        log = self._bound or self._log
        if log.is_enabled_for(level):
            values = {name: getattr(event, name) for name in names}
            said = {name: _short(value) for name, value in values.items() if value != ""}
            log.log(level, name_of(event), **said)


def _short(value: object) -> object:
    """Return a time that was measured to the thousandth: the rest of it is noise."""
    return round(value, 3) if isinstance(value, float) else value


def name_of(event: Event) -> str:
    """Return the event's name in a log line: `CommandAccepted` is `command_accepted`."""
    return _WORD.sub("_", type(event).__name__).lower()


def _level(kind: type[Any]) -> int:
    if issubclass(kind, _ERRORS):
        return logging.ERROR
    if issubclass(kind, _WARNINGS):
        return logging.WARNING
    return logging.DEBUG if issubclass(kind, _DETAILS) else logging.INFO


#: The level of each event, and the fields it has.
_SHAPES: Mapping[type[Any], tuple[int, tuple[str, ...]]] = {
    kind: (_level(kind), tuple(each.name for each in fields(kind) if each.name not in _UNSAID))
    for kind in get_args(Event)
}
