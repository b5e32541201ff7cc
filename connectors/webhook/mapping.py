"""Mapping: from a delivery's JSON to commands, as the channel's options say. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

from pydantic import JsonValue, ValidationError

from connectors.base import Delivery, Ignored, UnreadableDelivery
from connectors.budget import fit
from connectors.idempotency import idempotency_key
from connectors.webhook.expression import Expression
from connectors.webhook.identifier import identifier
from connectors.webhook.moment import moment
from connectors.webhook.options import ANY_WORD, Action, WebhookOptions
from connectors.webhook.words import as_text
from worker.budget import cut
from worker.commands import Command, Create, OnMissing, Stop, Update, conversation_id
from worker.properties import is_reserved

_REASON_CHARACTERS = 1000
_WORD_CHARACTERS = 60


class _Common(TypedDict):
    service: str
    external_id: str
    idempotency_key: str
    channel: str
    received_at: datetime
    trace_id: str


def commands(
    document: JsonValue, delivery: Delivery, options: WebhookOptions, service: str
) -> tuple[Command, ...] | Ignored:
    """Return what a document asks for. Raises UnreadableDelivery."""
    action, word = _action(document, options)
    if action is Action.IGNORE:
        return Ignored(f"the channel ignores {word!r}" if word else "the channel ignores every delivery")
    try:
        return (_command(action, document, options, _common(document, delivery, options, service)),)
    except ValidationError as error:
        raise UnreadableDelivery(_explain(error)) from error


def _action(document: JsonValue, options: WebhookOptions) -> tuple[Action, str]:
    """Return what is asked for, and the sender's word for it."""
    if options.do is not None:
        return options.do, ""
    word = _word(_find(options.action, document))
    action = options.actions.get(word, options.actions.get(ANY_WORD))
    if action is None:
        raise UnreadableDelivery(f"`actions` does not name {cut(word, _WORD_CHARACTERS)!r}")
    return action, cut(word, _WORD_CHARACTERS)


def _word(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else ""


def _command(action: Action, document: JsonValue, options: WebhookOptions, common: _Common) -> Command:
    match action:
        case Action.CREATE:
            user_data = _user_data(document, options)
            return Create(**common, user_data=user_data, on_conflict=options.on_conflict)
        case Action.STOP:
            return Stop(
                **common,
                reason_system_name=_reason(options.reason_system_name, document),
                reason_description=_reason(options.reason_description, document),
            )
        case _:
            return Update(
                **common,
                changed=_user_data(document, options),
                deleted=_deleted(document, options),
                on_missing=OnMissing.CREATE if action is Action.UPSERT else options.on_missing,
                on_ended=options.on_ended,
            )


def _common(document: JsonValue, delivery: Delivery, options: WebhookOptions, service: str) -> _Common:
    native = identifier(options.external_id.find(document), "external id")
    if native is None:
        raise UnreadableDelivery("there is no external id")
    channel = delivery.channel
    return {
        "service": service,
        "external_id": native if options.plain_ids else conversation_id(channel, native),
        "idempotency_key": idempotency_key(channel, _native_key(document, delivery, options), delivery.body),
        "channel": channel,
        "received_at": moment(_find(options.received_at, document), delivery.arrived_at),
        "trace_id": delivery.trace_id,
    }


def _native_key(document: JsonValue, delivery: Delivery, options: WebhookOptions) -> str | None:
    if options.idempotency_header is not None:
        return delivery.headers.get(options.idempotency_header) or None
    return identifier(_find(options.idempotency_key, document), "idempotency key")


def _user_data(document: JsonValue, options: WebhookOptions) -> Mapping[str, JsonValue]:
    found = {name: expression.find(document) for name, expression in options.user_data.items()}
    stated = {name: value for name, value in found.items() if value is not None}
    return fit({name: as_text(value) for name, value in stated.items()} if options.as_text else stated)


def _deleted(document: JsonValue, options: WebhookOptions) -> tuple[str, ...]:
    found = _find(options.deleted, document)
    if found is None:
        return ()
    if not isinstance(found, list):
        raise UnreadableDelivery("`deleted` finds no list")
    names = []
    for name in found:
        if not isinstance(name, str) or is_reserved(name):
            raise UnreadableDelivery("`deleted` finds what is not the name of a property that may be deleted")
        names.append(name)
    return tuple(names)


def _reason(expression: Expression | None, document: JsonValue) -> str | None:
    text = identifier(_find(expression, document), "reason")
    return None if text is None else cut(text, _REASON_CHARACTERS)


def _find(expression: Expression | None, document: JsonValue) -> JsonValue:
    return None if expression is None else expression.find(document)


def _explain(error: ValidationError) -> str:
    """Return what is wrong with the command, without the value that is wrong."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{first['loc'][0]}: {first['msg']}"
