"""What a call does and what it is told: pure rules from (state, call, body, behaviour) to a decision.

Nothing here changes anything. A decision names what an interaction becomes; `world` puts it into the state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox import properties
from sandbox.behaviour import Behaviour
from sandbox.call import Call, Operation
from sandbox.document import Document
from sandbox.fields import CreateFields, create_fields, stop_reason, unwrap, update_fields
from sandbox.interaction import Interaction
from sandbox.moment import from_text, to_fine_text, to_text
from sandbox.refusal import ErrorEnvelope, RefusedError
from sandbox.state import State

#: How long a new external id is not yet in the way where creates may race.
_RACE = timedelta(seconds=1)
#: How a bad key is answered: the status, and the envelope if it is not the API's own.
_BAD_KEYS: Mapping[str, tuple[int, ErrorEnvelope | None]] = {
    "401": (401, None),
    "403": (403, None),
    "empty": (401, "empty"),
    "html": (401, "html"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a decision may depend on besides the call itself."""

    state: State
    services: Mapping[str, frozenset[str]]
    behaviour: Behaviour
    now: datetime
    #: The id a create may take; unused so far.
    fresh_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the call comes to."""

    #: The interaction to show, or why the call is refused.
    result: Interaction | RefusedError
    #: What an interaction becomes; None if nothing changes.
    becomes: Interaction | None = None


def decide(call: Call, key: str | None, document: Document, facts: Facts) -> Decision:
    """Judge a call to one of the seven endpoints."""
    try:
        _admit(call, key, facts)
        return _RULES[call.operation](call, document, facts)
    except RefusedError as error:
        return Decision(result=error)


def _admit(call: Call, key: str | None, facts: Facts) -> None:
    keys = facts.services.get(call.service)
    # a key that opens nothing is told nothing, not even whether the service exists
    if not any(key in known for known in ([keys] if keys is not None else facts.services.values())):
        raise bad_key(facts.behaviour)
    if keys is None:
        raise RefusedError(facts.behaviour.unknown_service, "no such service")
    if not call.readable:
        raise RefusedError(400, "the path is not UTF-8")


def bad_key(behaviour: Behaviour) -> RefusedError:
    """What a key that opens nothing is told."""
    status, envelope = _BAD_KEYS[behaviour.bad_key]
    return RefusedError(status, "missing or unknown x-api-key", envelope=envelope)


def _create(call: Call, document: Document, facts: Facts) -> Decision:
    fields = create_fields(unwrap(document, facts.behaviour))
    if fields.external_id is None and facts.behaviour.create_without_external_id == "refuse":
        raise RefusedError(400, "externalId is required")
    received_at = _received_at(fields.received_at, facts)
    user_data = properties.accept(fields.user_data, facts.behaviour)
    _check_parent(call, fields, facts)
    _check_conflict(call, fields, facts)
    interaction = Interaction(
        id=facts.fresh_id,
        service=call.service,
        external_id=fields.external_id,
        parent_id=fields.parent_id,
        received_at=received_at,
        user_data=user_data,
        created_at=to_fine_text(facts.now),
    )
    return Decision(result=interaction, becomes=interaction)


def _received_at(given: str | None, facts: Facts) -> str:
    if given is None:
        return to_text(facts.now)
    try:
        return to_text(from_text(given))
    except ValueError as error:
        if facts.behaviour.bad_received_at == "accept":
            return given
        raise RefusedError(400, "receivedAt is not ISO 8601 with an offset") from error


def _check_parent(call: Call, fields: CreateFields, facts: Facts) -> None:
    if fields.parent_id is None or facts.behaviour.unknown_parent == "accept":
        return
    parent = facts.state.by_id(fields.parent_id)
    if parent is None or parent.service != call.service:
        raise RefusedError(404, "no such parent interaction")


def _check_conflict(call: Call, fields: CreateFields, facts: Facts) -> None:
    rival = None if fields.external_id is None else _rival(call.service, fields.external_id, facts)
    if rival is not None:
        shown = rival.id if facts.behaviour.conflict_shows_id else None
        raise RefusedError(409, "an interaction with this externalId exists", interaction_id=shown)
    quota = facts.behaviour.quota
    if quota is not None and facts.state.live_count(call.service) >= quota:
        raise RefusedError(409, "the quota of interactions is used up")


def _rival(service: str, external_id: str, facts: Facts) -> Interaction | None:
    holders = facts.state.holders(external_id)
    if service in holders:
        return None if _races(holders[service], facts) else holders[service]
    if holders and facts.behaviour.conflict_scope == "tenant":
        return next(iter(holders.values()))
    ended = facts.state.last_ended(service, external_id)
    return ended if ended is not None and _blocks(ended, facts) else None


def _races(holder: Interaction, facts: Facts) -> bool:
    return facts.behaviour.racing_creates == "both" and facts.now < from_text(holder.created_at) + _RACE


def _blocks(ended: Interaction, facts: Facts) -> bool:
    if facts.behaviour.create_after_stop == "new":
        return False
    limit = facts.behaviour.conflict_for_s
    return limit is None or facts.now < from_text(str(ended.ended_at)) + timedelta(seconds=limit)


def _get(call: Call, _document: Document, facts: Facts) -> Decision:
    return Decision(result=_find(call, facts, ended=facts.behaviour.after_stop == "shown"))


def _stop(call: Call, document: Document, facts: Facts) -> Decision:
    reason = stop_reason(unwrap(document, facts.behaviour))
    found = _find(call, facts, ended=facts.behaviour.after_stop == "shown")
    if not found.live:
        return Decision(result=found)
    ended = found.ended(to_fine_text(facts.now), "stop", reason)
    return Decision(result=ended, becomes=ended)


def _update(call: Call, document: Document, facts: Facts) -> Decision:
    if document.absent:
        raise RefusedError(400, "an update needs a body")
    fields = update_fields(unwrap(document, facts.behaviour))
    found = _find(call, facts, ended=False)
    merged = properties.merge(found.user_data, fields, facts.behaviour)
    changed = replace(found, user_data=merged)
    return Decision(result=changed, becomes=None if merged == found.user_data else changed)


def _find(call: Call, facts: Facts, *, ended: bool) -> Interaction:
    if call.external_id is not None:
        found = facts.state.by_external_id(call.service, call.external_id)
    else:
        found = facts.state.by_id(str(call.interaction_id))
    if found is None or found.service != call.service or not (found.live or ended):
        raise RefusedError(404, "no such interaction")
    return found


_RULES: Mapping[Operation, Callable[[Call, Document, Facts], Decision]] = {
    "create": _create,
    "get": _get,
    "update": _update,
    "stop": _stop,
}
