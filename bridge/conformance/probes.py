"""Probes: how each question is asked, and what the replies mean.

Pure: a probe yields calls and is sent replies. It returns its answer, in the words of the sandbox's switches,
or raises Unclear. It names its own interactions and need not stop them.
"""

import re
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any, Final

from bridge.conformance.reply import Reply
from bridge.conformance.steps import Step, create, get, stop, update

Answer = str | int | bool
Probe = Generator[Step, Reply, Answer]

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: A property that a probe creates, changes and deletes.
_PROPERTY: Final = "bridge_probe"
#: A system property that means nothing to routing.
_RESERVED: Final = "SubmittedAt"
_NOBODY: Final = "0000BRIDGENOBODY"
_BAD, _UNAUTHORIZED, _FORBIDDEN, _CONFLICT = 400, 401, 403, 409
#: The family's default for user data, the least that is looked for, and the most that can be configured.
_USUAL, _LEAST, _MOST = 16_000, 1_000, 65_535
#: For how many seconds the end of a conflict is waited for.
_PATIENCE_S: Final = 30


class Unclear(Exception):
    """The replies do not tell; the text says why."""


def envelope() -> Probe:
    """Look at a create's answer."""
    done = _accepted((yield create()))
    return _one_of(done.form, "status", "string-codes", "bare", "empty")


def error_envelope() -> Probe:
    """Ask for what was never there."""
    return _one_of((yield get()).form, "status", "string-codes", "empty", "html")


def failure_in_200() -> Probe:
    """Ask for what was never there, and compare the two statuses."""
    reply = yield get()
    if not reply.refused:
        raise Unclear("what was never there is answered as if it were")
    return reply.http_status < _BAD


def id_field() -> Probe:
    """Look for the id in a create's answer."""
    shown = _accepted((yield create())).fields
    if not {"id", "interactionId"} & shown.keys():
        raise Unclear("no id is shown")
    return "id" if "id" in shown else "interactionId"


def id_style() -> Probe:
    """Look at the id itself."""
    found = _accepted((yield create())).interaction_id
    if not found:
        raise Unclear("no id is shown")
    return "uuid" if _UUID.fullmatch(found) else "short"


def bad_key() -> Probe:
    """Come with a wrong key, and compare with an ordinary refusal."""
    ordinary = yield get()
    reply = yield Step(operation="get", key="wrong")
    if reply.status not in (_UNAUTHORIZED, _FORBIDDEN):
        raise Unclear(f"a wrong key is answered by {reply.status}")
    if reply.status == _FORBIDDEN or reply.form == ordinary.form:
        return str(reply.status)
    return reply.form if reply.form in ("empty", "html") else "401"


def unknown_service() -> Probe:
    """Call a service that is not there."""
    return _one_of((yield Step(operation="get", where="nowhere")).status, 404, 400)


def create_without_external_id() -> Probe:
    """Open one that has no external id."""
    return _accepts((yield create("")))


def conflict_shows_id() -> Probe:
    """Open the same one twice."""
    first = _accepted((yield create()))
    second = yield create()
    if second.status != _CONFLICT:
        raise Unclear(f"the same external id again is answered by {second.status}, not by 409")
    if not first.interaction_id:
        raise Unclear("no id is shown, so none can be compared")
    return second.interaction_id == first.interaction_id


def conflict_scope() -> Probe:
    """Open the same one in two services."""
    _accepted((yield create()))
    second = yield Step(operation="create", where="other")
    return "tenant" if second.status == _CONFLICT else _if_accepted(second, "service")


def create_after_stop() -> Probe:
    """Open it again after its end."""
    _accepted((yield create()))
    _accepted((yield stop()))
    again = yield create()
    return "conflict" if again.status == _CONFLICT else _if_accepted(again, "new")


def conflict_for_s() -> Probe:
    """Open it again each second after its end, until that is accepted."""
    _accepted((yield create()))
    ended = _accepted((yield stop())).at
    passed = 0.0
    while passed < _PATIENCE_S:
        again = yield replace(create(), pause_s=int(passed) + 1 - passed)
        passed = again.at - ended
        if again.status != _CONFLICT:
            _accepted(again)
            return round(passed)
    raise Unclear(f"still in the way after {_PATIENCE_S} s: for ever, or for longer than was waited")


def racing_creates() -> Probe:
    """Open the same one twice at once; more than one pair, because the first still has to connect."""
    for name in ("a", "b", "c"):
        one = yield replace(create(name), twice=True)
        both = [each for each in (one, one.twin) if each is not None]
        ids = {each.interaction_id for each in both if not each.refused}
        statuses = sorted(each.status for each in both)
        if statuses[-1] == _CONFLICT and statuses[0] < _BAD:
            continue
        if statuses[-1] >= _BAD or len(ids) == 1:
            what = f"{statuses[0]} and {statuses[-1]}" if statuses[-1] >= _BAD else "the same id"
            raise Unclear(f"two at once are answered by {what}, which no switch of the sandbox does")
        return "both"
    return "one"


def after_stop() -> Probe:
    """Read it after its end, and end it again."""
    _accepted((yield create()))
    _accepted((yield stop()))
    seen, second = (yield get()), (yield stop())
    if seen.refused != second.refused:
        raise Unclear(f"after a stop, GET is answered by {seen.status} and a second stop by {second.status}")
    return "gone" if seen.refused else "shown"


def unknown_parent() -> Probe:
    """Name a parent that is not there."""
    return _accepts((yield create(parentInteractionId=_NOBODY)))


def bad_received_at() -> Probe:
    """Say when it came in words."""
    return _accepts((yield create(receivedAt="yesterday, about noon")))


def changed_missing() -> Probe:
    """Change a property that is not there."""
    _accepted((yield create()))
    if (yield update(changedProperties={_PROPERTY: "1"})).status == _BAD:
        return "refuse"
    return "upsert" if _PROPERTY in _user_data((yield get())) else "ignore"


def added_existing() -> Probe:
    """Add a property that is there."""
    _accepted((yield create(userData={_PROPERTY: "1"})))
    if (yield update(addedProperties={_PROPERTY: "2"})).status == _BAD:
        return "refuse"
    found = _user_data((yield get())).get(_PROPERTY)
    return "overwrite" if found == "2" else "ignore"


def deleted_missing() -> Probe:
    """Delete a property that is not there."""
    _accepted((yield create()))
    done = yield update(deletedProperties=[_PROPERTY])
    return "refuse" if done.status == _BAD else _if_accepted(done, "ignore")


def key_in_two_lists() -> Probe:
    """Change and delete one property in one call."""
    _accepted((yield create(userData={_PROPERTY: "1"})))
    asked = update(changedProperties={_PROPERTY: "2"}, deletedProperties=[_PROPERTY])
    if (yield asked).status == _BAD:
        return "refuse"
    if _PROPERTY in _user_data((yield get())):
        raise Unclear("the property stays, which no switch of the sandbox does")
    return "delete-wins"


def reserved_properties() -> Probe:
    """Send a system property."""
    done = yield create(userData={_RESERVED: "2026-01-31T09:30:00Z"})
    if done.status == _BAD:
        return "refuse"
    _accepted(done)
    if _user_data((yield get())).get(_RESERVED):
        raise Unclear("the property is kept, which no switch of the sandbox does")
    return "ignore"


def user_data_limit() -> Probe:
    """Find the size that is just accepted: the usual one in two calls, any other by halving."""
    low, high = _LEAST, _MOST + 1
    for size in (_USUAL, _USUAL + 1):
        accepted = _fits((yield _of_size(size)))
        low, high = (size, high) if accepted else (low, min(size, high))
        if not accepted:
            break
    if high <= _USUAL and not _fits((yield _of_size(low))):
        raise Unclear(f"not even {low} bytes are accepted")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _fits((yield _of_size(middle))) else (low, middle)
    return low


def user_data_over() -> Probe:
    """Send more than can be configured."""
    return _one_of((yield _of_size(_MOST + 1000)).status, 400, 413)


def user_data_types() -> Probe:
    """Send a list, a truth and a fraction."""
    odd: dict[str, Any] = {"bridge_list": ["1"], "bridge_truth": True, "bridge_fraction": 1.5}
    done = yield create(userData=odd)
    return "strict" if done.status == _BAD else _if_accepted(done, "any")


def unwrapped_body() -> Probe:
    """Leave `data` out of an update."""
    _accepted((yield create(userData={_PROPERTY: "1"})))
    done = yield Step(operation="update", raw=b'{"changedProperties": {"bridge_probe": "2"}}')
    if done.status == _BAD:
        return "refuse"
    return "flat" if _user_data((yield get())).get(_PROPERTY) == "2" else "empty"


def not_json() -> Probe:
    """Send an update that is no JSON."""
    _accepted((yield create()))
    return _one_of((yield Step(operation="update", raw=b"{no json")).status, 400, 415)


def _of_size(size: int) -> Step:
    # a name of its own, or the second would be a conflict
    return Step(operation="create", name=f"{size}", user_data_bytes=size)


def _fits(reply: Reply) -> bool:
    if reply.refused and reply.status not in (_BAD, 413):
        raise Unclear(f"user data of some size is answered by {reply.status}")
    return not reply.refused


def _accepted(reply: Reply) -> Reply:
    if reply.refused:
        raise Unclear(f"a call that the question stands on is answered by {reply.status}")
    return reply


def _if_accepted(reply: Reply, answer: str) -> str:
    if reply.refused:
        raise Unclear(f"it is answered by {reply.status}")
    return answer


def _accepts(reply: Reply) -> str:
    return "refuse" if reply.refused else "accept"


def _user_data(reply: Reply) -> dict[str, Any]:
    found = _accepted(reply).user_data
    if found is None:
        raise Unclear("no user data is shown")
    return dict(found)


def _one_of(found: Answer, *known: Answer) -> Answer:
    if found not in known:
        raise Unclear(f"it is {found}, which no switch of the sandbox does")
    return found


AnyProbe = Callable[[], Probe]
