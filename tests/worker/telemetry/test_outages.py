"""A server that does not answer is a sentence in the log; a fault keeps its stack."""

import io
import json
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from amqp.exceptions import ConnectionForced
from celery.beat import SchedulingError
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from worker.telemetry import logs

REFUSED = ConnectionRefusedError(111, "Connection refused")


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., dict[str, Any]]]:
    """Give what logs as libraries do, with an error or without, and returns the line that comes of it."""
    root = logging.getLogger()

    def log(said: str, error: BaseException | None = None, level: str = "info") -> dict[str, Any]:
        monkeypatch.setattr(sys, "stderr", pipe := io.StringIO())
        monkeypatch.setattr(root, "handlers", [])
        monkeypatch.setattr(root, "level", root.level)
        logs.configure("json", level)
        try:
            fail(error)
        except BaseException:
            logging.getLogger("celery.beat").exception(said)
        else:
            logging.getLogger("celery.beat").warning(said)
        line: dict[str, Any] = json.loads(pipe.getvalue())
        return line

    yield log
    structlog.reset_defaults()


def fail(error: BaseException | None) -> None:
    """Raise an error, if there is one."""
    if error is not None:
        raise error


def because(error: BaseException, cause: BaseException) -> BaseException:
    """Return an error as `raise … from` makes it."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        REFUSED,
        TimeoutError("timed out"),
        RedisConnectionError("Error 111 connecting to 127.0.0.1:1. Connection refused."),
        ConnectionForced("broker forced connection closure"),
        because(RuntimeError("no ring"), because(OperationalError("gone"), REFUSED)),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_server_that_is_away_is_a_sentence(
    logged: Callable[..., dict[str, Any]], error: BaseException
) -> None:
    """What was said, and the reason; no stack."""
    line = logged("Couldn't ack", error)
    assert line["event"] == "Couldn't ack"
    assert line["reason"] == f"{type(error).__name__}: {error}"
    assert "exception" not in line


def test_beat_says_it_once(logged: Callable[..., dict[str, Any]]) -> None:
    """Its line names task and reason; where it was called from helps nobody."""
    error = SchedulingError("Couldn't apply scheduled task tick: gone")
    error.__context__ = OperationalError("gone")
    line = logged(f"Message Error: {error}\n{traceback.format_stack()}", error)
    assert line["event"] == "Message Error: Couldn't apply scheduled task tick: gone"
    assert line.keys() == {"event", "level", "timestamp"}


@pytest.mark.parametrize("handled", [None, REFUSED])
def test_a_fault_keeps_its_stack(
    logged: Callable[..., dict[str, Any]], handled: BaseException | None
) -> None:
    """Even one that strikes while an outage is dealt with."""
    fault = KeyError("a bug")
    fault.__context__ = handled
    line = logged("it broke", fault)
    assert "test_outages.py" in line["exception"]
    assert "reason" not in line


def test_whoever_looks_for_something_sees_everything(logged: Callable[..., dict[str, Any]]) -> None:
    """At `debug` nothing is left out."""
    assert "Traceback" in logged("it broke", REFUSED, "debug")["exception"]


def test_a_line_without_an_error_stays_as_it_is(logged: Callable[..., dict[str, Any]]) -> None:
    """A warning of a library may have two lines."""
    assert logged("two\nlines")["event"] == "two\nlines"
