"""Which of the seven endpoints a request line means. Paths only; bodies and keys are judged elsewhere."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_to_bytes

from sandbox.refusal import RefusedError

Operation = Literal["create", "get", "update", "stop"]

#: Everything below this prefix belongs to the seven endpoints.
BASE = b"/nexus/v3/openmedia/"
#: What marks a path segment as an external id. The sandbox's own ids are upper case, so the two never meet.
EXTERNAL = "ext_"

#: (segments after the service, the last one if it is a verb) -> (method, operation)
_SHAPES: dict[tuple[int, bytes], tuple[str, Operation]] = {
    (1, b""): ("POST", "create"),
    (2, b""): ("GET", "get"),
    (3, b"stop"): ("POST", "stop"),
    (3, b"update"): ("POST", "update"),
}
_WITH_VERB = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call to one of the seven endpoints, as its method and path tell it."""

    service: str
    operation: Operation
    #: Set when the path addresses the interaction by `ext_{externalId}`; percent-decoded.
    external_id: str | None = None
    #: Set when the path addresses the interaction by its own id.
    interaction_id: str | None = None
    #: False when the path is not UTF-8 beneath its percent-encoding; such a call is refused, but recorded.
    readable: bool = True


def read_call(method: str, raw_path: bytes) -> Call:
    """Tell which endpoint is meant; 404 for a path that is none of the seven, 405 for a wrong method.

    It takes the path as sent: an ASGI server's decoded path no longer knows whether a slash was `%2F`.
    """
    service, *rest = raw_path.removeprefix(BASE).split(b"/")
    verb = rest[-1] if len(rest) == _WITH_VERB else b""
    shape = _SHAPES.get((len(rest), verb))
    if shape is None or not service or not all(rest) or rest[0] != b"interactions":
        raise RefusedError(404, "no such resource")
    expected, operation = shape
    if method != expected:
        raise RefusedError(405, f"use {expected}", headers=(("allow", expected),))
    return _call(service, operation, rest[1] if len(rest) > 1 else None)


def _call(raw_service: bytes, operation: Operation, raw_target: bytes | None) -> Call:
    service, service_readable = _decode(raw_service)
    if raw_target is None:
        return Call(service=service, operation=operation, readable=service_readable)
    target, target_readable = _decode(raw_target)
    external = target.startswith(EXTERNAL)
    return Call(
        service=service,
        operation=operation,
        external_id=target.removeprefix(EXTERNAL) if external else None,
        interaction_id=None if external else target,
        readable=service_readable and target_readable,
    )


def _decode(segment: bytes) -> tuple[str, bool]:
    octets = unquote_to_bytes(segment)
    try:
        return octets.decode(), True
    except UnicodeDecodeError:
        return octets.decode(errors="replace"), False
