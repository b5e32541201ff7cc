"""Options: what `[channels.NAME.options]` may say for a webhook."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from connectors.base import Answered, Manners, Reply
from connectors.webhook.expression import ExpressionField
from connectors.webhook.rule import Action, Rule, Terms
from connectors.webhook.view import NAMES
from worker.frozen import Frozen

#: What an event without a name of its own is called.
ITEM = "item"

EventName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
ContentType = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+(; ?[a-z]+=[A-Za-z0-9-]+)*$")
]
Status = Annotated[int, Field(ge=200, le=599)]


def _named(written: object) -> object:
    return {ITEM: written} if isinstance(written, str) else written


class ReplyOptions(Frozen):
    """What stands in the body of an answer."""

    content_type: ContentType
    body: str = ""


class MannersOptions(Frozen):
    """How the sender wants to be spoken to, where that is not how everybody is."""

    #: The HTTP methods its deliveries and handshakes come by.
    methods: frozenset[Literal["GET", "POST", "PUT"]] = Field(default=frozenset({"POST"}), min_length=1)
    #: The HTTP statuses it understands, where ours are others.
    statuses: Mapping[Answered, Status] = Field(default_factory=dict)
    #: What it wants to read instead of our own words.
    reply: ReplyOptions | None = None
    #: Whether a conflict is kept and acknowledged, because it would come again for ever.
    keeps_conflicts: bool = False

    def manners(self) -> Manners:
        """Return them as the hosts know them."""
        reply = None
        if self.reply is not None:
            reply = Reply(self.reply.content_type, self.reply.body.encode())
        return Manners(frozenset(self.methods), dict(self.statuses), reply, self.keeps_conflicts)


class WebhookOptions(Terms):
    """The mapping of one webhook channel. Every expression is JMESPath over the delivery (`view`)."""

    #: Finds the list of events in a delivery that may hold several; the rules see each as `item`. A table of
    #: several finds lists in lists, each under its name: `{ entry = "body.entry", text = "entry.texts" }`.
    each: Annotated[Mapping[EventName, ExpressionField], BeforeValidator(_named)] = Field(
        default_factory=dict
    )
    #: What is done with each event, in this order.
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    #: What becomes of an event that no rule knows: kept for a person as unreadable, or ignored.
    otherwise: Literal["unreadable", "ignore"] = "unreadable"
    #: Whether a delivery without a body means something; then the body is null.
    without_body: bool = False
    manners: MannersOptions = MannersOptions()

    def completed(self) -> tuple[Rule, ...]:
        """Return every rule with what the options say for all of them."""
        return tuple(rule.completed(self) for rule in self.rules)

    @model_validator(mode="after")
    def _asks_what_there_is(self) -> Self:
        known = [*NAMES]
        for name, events in self.each.items():
            _refuse_strange(f"each.{name}", events.beginnings, known)
            if name in known:
                raise ValueError(f"each.{name}: this name is taken; choose another one")
            known.append(name)
        for name, expression in self.asked():
            if not name.startswith("each."):
                _refuse_strange(name, expression.beginnings, known)
        for number, rule in enumerate(self.rules):
            for name, expression in rule.asked():
                there = [*NAMES] if rule.do is Action.GREET else known
                _refuse_strange(f"rules.{number}.{name}", expression.beginnings, there)
        return self

    @model_validator(mode="after")
    def _finds_conversations(self) -> Self:
        for number, rule in enumerate(self.completed()):
            if rule.do not in {Action.IGNORE, Action.GREET} and rule.external_id is None:
                raise ValueError(
                    f"rules.{number} does {rule.do.value!r}, but neither it nor the options say with "
                    "`external_id` what finds the conversation"
                )
        return self


def _refuse_strange(path: str, beginnings: frozenset[str], known: list[str]) -> None:
    strange = sorted(beginnings.difference(known))
    if strange:
        raise ValueError(
            f"{path}: asks for {strange[0]!r}, but an expression begins with one of {', '.join(known)}, "
            f"as in 'body.{strange[0]}'"
        )
