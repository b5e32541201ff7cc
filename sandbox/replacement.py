"""The answer a fault puts in the place of the real one. Pure; cutting and waiting are up to `door`."""

from datetime import datetime, timedelta
from email.utils import format_datetime

from sandbox.answer import Answer, encode, gateway_page, refusal
from sandbox.behaviour import Behaviour
from sandbox.decision import bad_key
from sandbox.fault import Fault
from sandbox.refusal import RefusedError

#: The kinds after which a client has no complete answer.
UNANSWERED = frozenset({"refuse", "reset_before", "reset_after_commit", "truncate", "hang"})
_OK = 200
#: HTTP gives these no body at all.
_BODILESS = frozenset({204, 205, 304})
#: What the behaviour's own Retry-After asks for.
_RETRY_AFTER_S = 1


def replaced(
    fault: Fault, natural: Answer | None, behaviour: Behaviour, now: datetime, trace: str
) -> Answer | None:
    """What the caller is to be told; None if the call came to nothing and nothing stands in for it."""
    match fault.kind:
        case "status":
            headers = () if fault.retry_after is None else (("retry-after", str(fault.retry_after)),)
            return _stated(fault, headers, behaviour, trace)
        case "overload":
            return _overload(fault, behaviour, now, trace)
        case "bad_key":
            return refusal(bad_key(behaviour), behaviour, trace)
        case "wrong_content_type":
            return gateway_page(natural.status if natural else _OK)
        case _:
            return natural


def _stated(fault: Fault, headers: tuple[tuple[str, str], ...], behaviour: Behaviour, trace: str) -> Answer:
    if fault.status in _BODILESS:
        return Answer(status=fault.status, headers=headers)
    if fault.body is not None:
        return Answer(status=fault.status, body=encode(fault.body), headers=headers)
    return refusal(RefusedError(fault.status, "injected fault", headers=headers), behaviour, trace)


def _overload(fault: Fault, behaviour: Behaviour, now: datetime, trace: str) -> Answer:
    status, _, form = behaviour.overload.partition("-")
    forms = {
        "seconds": str(_RETRY_AFTER_S),
        "date": format_datetime(now + timedelta(seconds=_RETRY_AFTER_S), usegmt=True),
    }
    value = forms.get(form) if fault.retry_after is None else str(fault.retry_after)
    headers = () if value is None else (("retry-after", value),)
    return refusal(RefusedError(int(status), "too many requests", headers=headers), behaviour, trace)
