"""Every event is one line: its name and its fields, at the level that a person would choose."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog
from structlog.testing import capture_logs

from worker.events import (
    BreakerOpened,
    CallAnswered,
    CommandAccepted,
    CommandBuried,
    NoticeLetGo,
    RelayFailed,
    RingFailed,
    ServiceHeld,
    ServicePaused,
    StoreDoubtful,
)
from worker.telemetry import logs
from worker.upkeep_events import AuditRepaired, SweepRefused, UpkeepFailed, WorkerStuck

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ACCEPTED = CommandAccepted("support", "mail", "c-1", "create", 1, "r1", "")
ANSWERED = CallAnswered("support", "c-1", "GetInteraction", "apply", "Ok", 200, "", "", 1.5, "")
BURIED = CommandBuried("support", "c-1", 1, "rejected", "400", "d1", "")


class Terminal(io.StringIO):
    """Somebody looks at it."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


def written(monkeypatch: pytest.MonkeyPatch, log_format: str, level: str = "info") -> io.StringIO:
    """Set up logging on a terminal and return what it shows."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    logs.configure(log_format, level)
    return terminal


def test_an_event_is_a_line_with_its_fields() -> None:
    """Name and fields, without those that say nothing."""
    with capture_logs() as lines:
        logs.listener(process="worker")(ACCEPTED)
    assert lines == [
        {
            "event": "command_accepted",
            "log_level": "info",
            "process": "worker",
            "service": "support",
            "channel": "mail",
            "external_id": "c-1",
            "kind": "create",
            "sequence": 1,
            "receipt_id": "r1",
            "elapsed_ms": 0.0,
        }
    ]


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (ACCEPTED, "info"),
        (ANSWERED, "debug"),
        (BURIED, "warning"),
        (ServiceHeld("support", "401", NOW), "warning"),
        (BreakerOpened("support", "500"), "warning"),
        (StoreDoubtful("the store answers before it has written to disk"), "warning"),
        (RingFailed("support", 0, "gone"), "warning"),
        (RelayFailed("support", 0, "gone"), "warning"),
        (ServicePaused("hook.crm", "410 Gone"), "warning"),
        (NoticeLetGo("hook.crm", "evt_1", "command.dead", "c-1", "too much waits"), "warning"),
        (UpkeepFailed("audit", "", "gone"), "warning"),
        (AuditRepaired("support", 0, "forgotten", 3, "c-1"), "error"),
        (WorkerStuck("support", 300.0, 310.0), "error"),
        (SweepRefused("support", "s", "schedule", "more than 200 interactions are stale"), "error"),
    ],
    ids=lambda value: logs.name_of(value) if not isinstance(value, str) else value,
)
def test_what_needs_a_person_is_a_warning(event: object, level: str) -> None:
    """Calls are for whoever looks for something; everything else is the day's work."""
    with capture_logs() as lines:
        logs.listener()(event)
    assert [line["log_level"] for line in lines] == [level]


def test_json_lines_can_be_read_by_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """One object a line, with level, time and fields; a quieter event than the level is not written."""
    terminal = written(monkeypatch, "json")
    listen = logs.listener()
    for event in (ACCEPTED, ANSWERED, ServiceHeld("support", "401", NOW)):
        listen(event)
    first, second = [json.loads(line) for line in terminal.getvalue().splitlines()]
    assert (first["event"], first["level"], first["sequence"]) == ("command_accepted", "info", 1)
    assert datetime.fromisoformat(first["timestamp"]).tzinfo is not None
    assert (second["event"], second["level"]) == ("service_held", "warning")
    assert datetime.fromisoformat(second["until"]) == NOW


def test_a_terminal_is_written_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto` on a terminal, and `console` anywhere, is no JSON."""
    for log_format in ("auto", "console"):
        terminal = written(monkeypatch, log_format, "debug")
        logs.listener()(ANSWERED)
        assert "call_answered" in terminal.getvalue()
        assert not terminal.getvalue().lstrip().startswith("{")
        structlog.reset_defaults()


@pytest.mark.parametrize(("value", "coloured"), [(None, True), ("", True), ("1", False)])
def test_colours_can_be_switched_off(
    monkeypatch: pytest.MonkeyPatch,
    value: str | None,
    coloured: bool,  # noqa: FBT001 - a table's column
) -> None:
    """NO_COLOR, set and not empty, keeps every escape sequence away, from tracebacks too."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_COLOR", value)
    terminal = written(monkeypatch, "console", "debug")
    logs.listener()(ANSWERED)
    logging.getLogger("library").error("it broke", exc_info=ValueError("a bug"))
    assert "call_answered" in terminal.getvalue()
    assert "ValueError: a bug" in terminal.getvalue()
    assert ("\x1b" in terminal.getvalue()) is coloured


def test_tracebacks_for_people_show_no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a function held when it failed may be a secret or a body."""
    terminal = written(monkeypatch, "console")

    def fail(key: str) -> None:
        raise ValueError(len(key))

    try:
        fail("-".join(str(number) for number in range(5)))  # its value stands nowhere in the source
    except ValueError:
        logging.getLogger("library").exception("it broke")
    assert "in fail" in terminal.getvalue()
    assert "0-1-2-3-4" not in terminal.getvalue()


def test_auto_is_json_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error that is no terminal is read by machines."""
    monkeypatch.setattr(sys, "stderr", pipe := io.StringIO())
    logs.configure("auto", "info")
    logs.listener()(BURIED)
    assert json.loads(pipe.getvalue())["event"] == "command_buried"


def test_libraries_speak_the_same_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their warnings and tracebacks are lines like ours; their chatter is left out."""
    terminal = written(monkeypatch, "json", "debug")
    library = logging.getLogger("library")
    library.info("chatter")
    library.error("it broke", exc_info=ValueError("a bug"))
    (line,) = [json.loads(line) for line in terminal.getvalue().splitlines()]
    assert (line["event"], line["level"]) == ("it broke", "error")
    assert "ValueError: a bug" in line["exception"]


def test_a_higher_level_silences_libraries_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """At `error`, nobody warns."""
    terminal = written(monkeypatch, "console", "error")
    logging.getLogger("library").warning("a warning")
    logs.listener()(BURIED)
    assert terminal.getvalue() == ""
