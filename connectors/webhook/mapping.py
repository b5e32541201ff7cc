"""Mapping: from the events of a delivery to commands, as the channel's rules say. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from pydantic import JsonValue, ValidationError

from connectors.base import Delivery, Handshake, Ignored, Reply, UnreadableDelivery
from connectors.budget import fit
from connectors.idempotency import idempotency_key
from connectors.webhook.expression import Expression, Fixed
from connectors.webhook.identifier import identifier
from connectors.webhook.moment import moment
from connectors.webhook.options import WebhookOptions
from connectors.webhook.rule import Action, Rule
from connectors.webhook.shortcut import is_true
from connectors.webhook.view import View, events, see
from connectors.webhook.words import as_text
from worker.budget import cut
from worker.commands import Command, Create, OnMissing, Stop, Update, conversation_id
from worker.properties import is_reserved

_REASON_CHARACTERS = 1000
_REPLY_CHARACTERS = 1000


class _Common(TypedDict):
    service: str
    external_id: str
    idempotency_key: str
    channel: str
    received_at: datetime
    trace_id: str


@dataclass(frozen=True, slots=True)
class Mapper:
    """The rules of one channel, ready to be applied."""

    options: WebhookOptions
    #: Those that greet: they look at the delivery as a whole.
    greetings: tuple[Rule, ...]
    #: All others: they look at each event.
    rules: tuple[Rule, ...]
    #: Whether any expression asks for the body's digest.
    digest: bool

    @classmethod
    def of(cls, options: WebhookOptions) -> "Mapper":
        """Return the mapper of a channel's options."""
        rules = options.completed()
        asked = [each for terms in (options, *rules) for _, each in terms.asked()]
        return cls(
            options,
            tuple(rule for rule in rules if rule.do is Action.GREET),
            tuple(rule for rule in rules if rule.do is not Action.GREET),
            digest=any("digest" in each.beginnings for each in asked),
        )

    def commands(self, delivery: Delivery, service: str) -> tuple[Command, ...] | Ignored | Handshake:
        """Return what a delivery asks for. Raises UnreadableDelivery."""
        view = see(delivery, digest=self.digest, without_body=self.options.without_body)
        for rule in self.greetings:
            if _applies(rule, view):
                return _handshake(rule, view)
        found, ignored = self._understood(delivery, view, service)
        if found:
            return _without_repetitions(found)
        return Ignored(", ".join(dict.fromkeys(ignored)) or "the delivery holds no event")

    def _understood(self, delivery: Delivery, view: View, service: str) -> tuple[list[Command], list[str]]:
        found: list[Command] = []
        ignored: list[str] = []
        for number, event in enumerate(events(view, self.options.each)):
            rule = self._rule(event)
            if rule.do is Action.IGNORE:
                ignored.append(rule.because or "a rule of the channel ignores it")
                continue
            position = number if self.options.each else None
            try:
                found.append(_command(rule, event, _common(rule, event, delivery, service, position)))
            except ValidationError as error:
                raise UnreadableDelivery(_explain(error)) from error
        return found, ignored

    def _rule(self, event: View) -> Rule:
        for rule in self.rules:
            if _applies(rule, event):
                return rule
        if self.options.otherwise == "ignore":
            return _OTHERWISE
        raise UnreadableDelivery("none of the channel's rules applies to it")


_OTHERWISE = Rule(do=Action.IGNORE, because="none of the channel's rules applies to it")


def _applies(rule: Rule, event: View) -> bool:
    return rule.when is None or is_true(rule.when.find(event))


def _handshake(rule: Rule, view: View) -> Handshake:
    wanted = identifier(_find(rule.reply, view), "reply")
    if wanted is None or len(wanted) > _REPLY_CHARACTERS:
        raise UnreadableDelivery("the sender asks whether somebody is there, but not for a reply of its own")
    return Handshake(Reply("text/plain; charset=utf-8", wanted.encode()), "the sender asked who is there")


def _without_repetitions(commands: list[Command]) -> tuple[Command, ...]:
    """Return each command once. Raises UnreadableDelivery where one key stands for two of them."""
    kept: dict[str, Command] = {}
    for command in commands:
        known = kept.setdefault(command.idempotency_key, command)
        if known is not command and known != command:
            raise UnreadableDelivery(
                "two events of the delivery have one idempotency key: it must find an id of the event, "
                "not of the delivery"
            )
    return tuple(kept.values())


def _command(rule: Rule, event: View, common: _Common) -> Command:
    match rule.do:
        case Action.CREATE:
            return Create(
                **common, user_data=_properties(rule, event, rule.user_data), on_conflict=rule.on_conflict
            )
        case Action.STOP:
            return Stop(
                **common,
                reason_system_name=_reason(rule.reason_system_name, event),
                reason_description=_reason(rule.reason_description, event),
            )
        case _:
            return Update(
                **common,
                changed=_properties(rule, event, {**rule.user_data, **rule.changed}),
                added=_properties(rule, event, rule.added),
                deleted=tuple(_deleted(rule, event)),
                on_missing=OnMissing.CREATE if rule.do is Action.UPSERT else rule.on_missing,
                on_ended=rule.on_ended,
            )


def _common(rule: Rule, event: View, delivery: Delivery, service: str, position: int | None) -> _Common:
    native = rule.external_id.find(event, "external id") if rule.external_id else None
    if native is None:
        raise UnreadableDelivery("there is no external id")
    channel = delivery.channel
    return {
        "service": service,
        "external_id": native if rule.plain_ids else conversation_id(channel, native),
        "idempotency_key": _key(rule, event, delivery, position),
        "channel": channel,
        "received_at": moment(_find(rule.received_at, event), delivery.arrived_at),
        "trace_id": delivery.trace_id,
    }


def _key(rule: Rule, event: View, delivery: Delivery, position: int | None) -> str:
    native = rule.idempotency_key.find(event, "idempotency key") if rule.idempotency_key else None
    key = idempotency_key(delivery.channel, native, delivery.body)
    # The events of one delivery share its body.
    return key if native is not None or position is None else f"{key}#{position}"


def _properties(rule: Rule, event: View, wanted: Mapping[str, Expression | Fixed]) -> Mapping[str, JsonValue]:
    found = {name: expression.find(event) for name, expression in wanted.items()}
    stated = {name: value for name, value in found.items() if value is not None}
    return fit({name: as_text(value) for name, value in stated.items()} if rule.as_text else stated)


def _deleted(rule: Rule, event: View) -> Iterator[str]:
    found = _find(rule.deleted, event)
    if not isinstance(found, list | None):
        raise UnreadableDelivery("`deleted` finds no list")
    for name in found or ():
        if not isinstance(name, str) or is_reserved(name):
            raise UnreadableDelivery("`deleted` finds what is not the name of a property that may be deleted")
        yield name


def _reason(expression: Expression | Fixed | None, event: View) -> str | None:
    text = identifier(_find(expression, event), "reason")
    return None if text is None else cut(text, _REASON_CHARACTERS)


def _find(expression: Expression | Fixed | None, event: View) -> JsonValue:
    return None if expression is None else expression.find(event)


def _explain(error: ValidationError) -> str:
    """Return what is wrong with the command, without the value that is wrong."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{first['loc'][0]}: {first['msg']}"
