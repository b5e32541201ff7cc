"""Outages: what a library says of a server that does not answer, without a stack.

Celery writes a stack for each connection that breaks, and beat another one into the line itself. Whoever
looks at three in the morning needs the name and the reason; a stack is for what is a fault.
"""

from collections.abc import Iterator
from typing import Any, Final

from structlog.typing import EventDict

#: Whose errors speak of a server, whatever they are called.
_CLIENTS: Final = frozenset({"amqp", "kombu", "redis"})
_CELERY: Final = frozenset({"celery"})
#: How beat goes on after its sentence: with where it was called from.
_STACK: Final = "\n['  File "


def told(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Return a line with the reason in the place of the stack, where a server did not answer.

    A processor of structlog's, for the lines of libraries.
    """
    error = _raised(line)
    if error is None or not any(map(_is_outage, _causes(error))):
        return line
    said = str(line["event"]).partition(_STACK)[0]
    reason = {} if str(error) in said else {"reason": f"{type(error).__name__}: {error}"}
    return {**{name: value for name, value in line.items() if name != "exc_info"}, "event": said, **reason}


def _raised(line: EventDict) -> BaseException | None:
    info: Any = line.get("exc_info")
    return info[1] if isinstance(info, tuple) else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what caused it; not what was being handled when a fault struck.

    Celery's own errors do not name their cause: what they were raised for is what was being handled.
    """
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or (cause.__context__ if _is_of(cause, _CELERY) else None)


def _is_outage(error: BaseException) -> bool:
    return isinstance(error, OSError) or _is_of(error, _CLIENTS)


def _is_of(error: BaseException, packages: frozenset[str]) -> bool:
    return type(error).__module__.partition(".")[0] in packages
