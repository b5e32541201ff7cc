"""The checker finds what it is there to find: a clean run passes, and each way of spoiling one is named."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from tests.faults.checker import check
from tests.faults.model import (
    FORBIDDEN,
    Answer,
    Call,
    Evidence,
    Intent,
    Letter,
    Live,
    Row,
    Told,
    fold,
    properties,
    subject,
)
from tests.faults.plan import Conversation, Door, Kind, Step, draw
from worker.letters import IN_DOUBT

SEEDS = range(8)
Spoil = Callable[[Evidence, random.Random], Evidence]


# ── a clean run ─────────────────────────────────────────────────────────────────────────────────────────────


def clean(seed: int) -> Evidence:
    """Return what a run without trouble leaves; every third call is made twice, as after a lost answer."""
    plan = draw(seed, seconds=4, rate=40)
    calls: list[Call] = []
    interactions: list[Live] = []
    ledger: list[Row] = []
    for conversation in plan.conversations:
        generation = 1
        opener = 0
        live = False
        for step in conversation.steps:
            if not live and step.kind is not Kind.CREATE:
                generation, opener = generation + 1, step.number
            call = call_of(conversation, step, generation, creates=not live)
            calls += [call] * (2 if len(calls) % 3 == 0 and call.operation == "update" else 1)
            live = step.kind is not Kind.STOP
        identity = f"I-{conversation.name}"
        data = fold(conversation, range(opener, len(conversation.steps)))
        interactions.append(
            Live(conversation.service, remote(conversation, generation), identity, live, data)
        )
        state = "open" if live else "ended"
        ledger.append(Row(conversation.service, lane(conversation), state, generation, identity))
    numbered = [replace(call, place=place) for place, call in enumerate(calls, 1)]
    commands = plan.commands
    return Evidence(
        conversations=plan.conversations,
        answers=list(answers(plan.conversations)),
        calls=numbered,
        interactions=interactions,
        ledger=ledger,
        letters=[],
        leftovers=[],
        counted={"accepted": commands, "delivered": commands, "dead": 0},
    )


def lane(conversation: Conversation) -> str:
    """Return a conversation's external id: a mail's has another name than its words say."""
    return f"hashed-{conversation.name}" if conversation.door is Door.MAIL else conversation.name


def remote(conversation: Conversation, generation: int) -> str:
    """Return the external id of a generation."""
    return lane(conversation) + (f"~{generation}" if generation > 1 else "")


def call_of(conversation: Conversation, step: Step, generation: int, *, creates: bool) -> Call:
    """Return the call that a step takes."""
    data = (
        {"Subject": subject(conversation, step)}
        if conversation.door is Door.MAIL
        else properties(conversation, step)
    )
    operation, sent = "update", {"changedProperties": data}
    if creates:
        operation, sent = "create", {"userData": data}
    elif step.kind is Kind.STOP:
        operation, sent = "stop", {"reasonDescription": subject(conversation, step)}  # type: ignore[dict-item]
    return Call(
        0,
        conversation.service,
        operation,
        remote(conversation, generation),
        effect=True,
        fault=None,
        sent=sent,
    )


def answers(conversations: Sequence[Conversation]) -> Iterator[Answer]:
    """Yield what the senders were told."""
    for conversation in conversations:
        for step in conversation.steps:
            receipt = "" if conversation.door is Door.MAIL else f"R-{conversation.name}-{step.number}"
            told = Answer(
                conversation.name,
                step.number,
                Intent.GENUINE,
                Told.ACCEPTED,
                receipt,
                step.number + 1 if receipt else 0,
            )
            yield from [told] * (1 + step.again)
            if step.twisted:
                yield replace(told, intent=Intent.TWISTED, told=Told.CONFLICT, receipt="", sequence=0)


# ── ways of spoiling it ─────────────────────────────────────────────────────────────────────────────────────


def pick(evidence: Evidence, dice: random.Random, operation: str) -> Call:
    """Return any effect of an operation."""
    return dice.choice([call for call in evidence.calls if call.operation == operation])


def without(evidence: Evidence, call: Call) -> list[Call]:
    """Return the calls without one, and without those like it."""
    return [each for each in evidence.calls if replace(each, place=0) != replace(call, place=0)]


def drop_an_update(evidence: Evidence, dice: random.Random) -> Evidence:
    """An accepted update that never reached the API."""
    return replace(evidence, calls=without(evidence, pick(evidence, dice, "update")))


def drop_a_stop(evidence: Evidence, dice: random.Random) -> Evidence:
    """An accepted stop that never reached the API."""
    return replace(evidence, calls=without(evidence, pick(evidence, dice, "stop")))


def lose_an_effect(evidence: Evidence, dice: random.Random) -> Evidence:
    """An update that was called, and came to nothing each time."""
    lost = pick(evidence, dice, "update")
    calls = [replace(each, effect=each.effect and each.sent != lost.sent) for each in evidence.calls]
    return replace(evidence, calls=calls)


def double_a_create(evidence: Evidence, dice: random.Random) -> Evidence:
    """One external id created twice, right after itself."""
    call = pick(evidence, dice, "create")
    place = evidence.calls.index(call)
    return replace(evidence, calls=[*evidence.calls[:place], call, *evidence.calls[place:]])


def leave_two_alive(evidence: Evidence, dice: random.Random) -> Evidence:
    """A follow-up beside an interaction that still lives."""
    live = dice.choice([each for each in evidence.interactions if each.active])
    other = replace(live, external_id=f"{live.external_id.partition('~')[0]}~3", interaction_id="other")
    return replace(evidence, interactions=[live, *evidence.interactions, other])


def neighbours(evidence: Evidence, dice: random.Random) -> tuple[int, int]:
    """Return the places of two calls of one lane that stand one after the other and say different things."""
    pairs = []
    last: dict[str, int] = {}
    for place, call in enumerate(evidence.calls):
        before = last.get(call.external_id)
        if before is not None and evidence.calls[before].sent != call.sent and call.operation == "update":
            pairs.append((before, place))
        last[call.external_id] = place
    return dice.choice(pairs)


def swap_two(evidence: Evidence, dice: random.Random) -> Evidence:
    """A later command before an earlier one."""
    calls = list(evidence.calls)
    one, other = neighbours(evidence, dice)
    calls[one], calls[other] = calls[other], calls[one]
    return replace(evidence, calls=calls)


def go_back(evidence: Evidence, dice: random.Random) -> Evidence:
    """An update said again after a later one had taken effect."""
    one, other = neighbours(evidence, dice)
    old = replace(evidence.calls[one], operation="update")
    return replace(evidence, calls=[*evidence.calls[: other + 1], old, *evidence.calls[other + 1 :]])


def change_user_data(evidence: Evidence, dice: random.Random) -> Evidence:
    """One property with another value than the last writer gave it."""
    place = dice.randrange(len(evidence.interactions))
    spoilt = evidence.interactions[place]
    spoilt = replace(spoilt, user_data={**spoilt.user_data, "Subject": "what an earlier one said"})
    rest = [each for number, each in enumerate(evidence.interactions) if number != place]
    return replace(evidence, interactions=[*rest, spoilt])


def forget_a_property(evidence: Evidence, dice: random.Random) -> Evidence:
    """One property that is missing in the end."""
    place = dice.choice([n for n, each in enumerate(evidence.interactions) if len(each.user_data) > 1])
    spoilt = evidence.interactions[place]
    name = dice.choice(sorted(spoilt.user_data))
    left = {key: value for key, value in spoilt.user_data.items() if key != name}
    interactions = list(evidence.interactions)
    interactions[place] = replace(spoilt, user_data=left)
    return replace(evidence, interactions=interactions)


def revive(evidence: Evidence, dice: random.Random) -> Evidence:
    """A stopped interaction that lives."""
    place = dice.choice([n for n, each in enumerate(evidence.interactions) if not each.active])
    interactions = list(evidence.interactions)
    interactions[place] = replace(interactions[place], active=True)
    return replace(evidence, interactions=interactions)


def swap_a_receipt(evidence: Evidence, dice: random.Random) -> Evidence:
    """A repeated delivery with a receipt of its own."""
    first = dice.choice([each for each in evidence.answers if each.receipt])
    other = replace(first, receipt="R-another", sequence=first.sequence + 1)
    return replace(evidence, answers=[*evidence.answers, other])


def renumber_a_receipt(evidence: Evidence, dice: random.Random) -> Evidence:
    """A receipt with a number that an earlier command had."""
    chosen = dice.choice([each for each in evidence.answers if each.receipt and each.number])
    answers = [
        replace(each, sequence=1)
        if (each.conversation, each.number, each.receipt)
        == (chosen.conversation, chosen.number, chosen.receipt)
        else each
        for each in evidence.answers
    ]
    return replace(evidence, answers=answers)


def forget_an_answer(evidence: Evidence, dice: random.Random) -> Evidence:
    """A command whose sender was never told anything good."""
    chosen = dice.choice([each for each in evidence.answers if each.told is Told.ACCEPTED])
    answers = [
        each
        for each in evidence.answers
        if (each.conversation, each.number) != (chosen.conversation, chosen.number)
    ]
    return replace(evidence, answers=answers)


def let_the_forbidden_through(evidence: Evidence, dice: random.Random) -> Evidence:
    """Something refused that took effect."""
    call = pick(evidence, dice, "update")
    extra = replace(call, sent={"changedProperties": {"Note": f"x {FORBIDDEN} forged"}})
    return replace(evidence, calls=[*evidence.calls, extra])


def accept_the_forbidden(evidence: Evidence, dice: random.Random) -> Evidence:
    """A key used for another content, and accepted."""
    answer = replace(dice.choice(evidence.answers), intent=Intent.TWISTED, told=Told.ACCEPTED)
    return replace(evidence, answers=[*evidence.answers, answer])


def refuse_the_genuine(evidence: Evidence, dice: random.Random) -> Evidence:
    """A genuine delivery that was told off."""
    answer = replace(dice.choice(evidence.answers), intent=Intent.GENUINE, told=Told.CONFLICT)
    return replace(evidence, answers=[*evidence.answers, answer])


def leave_a_lane(evidence: Evidence, _: random.Random) -> Evidence:
    """A lane nobody will ever look at again."""
    return replace(evidence, leftovers=["bridge:{support/0}:lane:x is there"])


def keep_a_delivery(evidence: Evidence, _: random.Random) -> Evidence:
    """A delivery of ours that was not understood."""
    return replace(evidence, letters=[Letter("unreadable", "not JSON")])


def forget_a_row(evidence: Evidence, dice: random.Random) -> Evidence:
    """A conversation that the ledger does not know."""
    gone = dice.choice(evidence.ledger)
    return replace(evidence, ledger=[row for row in evidence.ledger if row != gone])


def mistake_a_row(evidence: Evidence, dice: random.Random) -> Evidence:
    """A live interaction that the ledger calls ended, or the other way round."""
    wrong = dice.choice(evidence.ledger)
    other = replace(wrong, state="ended" if wrong.state == "open" else "open")
    return replace(evidence, ledger=[other if row == wrong else row for row in evidence.ledger])


def mistake_an_id(evidence: Evidence, dice: random.Random) -> Evidence:
    """A ledger row with the id of another interaction."""
    wrong = dice.choice([row for row in evidence.ledger if row.state == "open"])
    other = replace(wrong, interaction_id="I-somebody")
    return replace(evidence, ledger=[other if row == wrong else row for row in evidence.ledger])


def count_one_twice(evidence: Evidence, _: random.Random) -> Evidence:
    """A command that was counted twice at the door."""
    return replace(evidence, counted={**evidence.counted, "accepted": evidence.counted["accepted"] + 1})


def miscount_the_delivered(evidence: Evidence, _: random.Random) -> Evidence:
    """A command that was never counted as delivered."""
    return replace(evidence, counted={**evidence.counted, "delivered": evidence.counted["delivered"] - 1})


SPOILT: dict[Spoil, str] = {
    drop_an_update: "lost",
    drop_a_stop: "lost",
    lose_an_effect: "lost",
    forget_an_answer: "lost",
    double_a_create: "doubled",
    leave_two_alive: "doubled",
    swap_two: "disordered",
    go_back: "disordered",
    change_user_data: "user data",
    forget_a_property: "user data",
    revive: "user data",
    swap_a_receipt: "receipt",
    renumber_a_receipt: "receipt",
    let_the_forbidden_through: "forbidden",
    accept_the_forbidden: "forbidden",
    refuse_the_genuine: "forbidden",
    leave_a_lane: "left behind",
    keep_a_delivery: "left behind",
    forget_a_row: "ledger",
    mistake_a_row: "ledger",
    mistake_an_id: "ledger",
    count_one_twice: "counters",
    miscount_the_delivered: "counters",
}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clean_run_is_clean(seed: int) -> None:
    """Nothing is found where nothing is wrong, calls repeated after lost answers included."""
    assert check(clean(seed)) == ()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("spoil", "promise"), SPOILT.items(), ids=lambda each: getattr(each, "__name__", each)
)
def test_what_is_spoilt_is_found(seed: int, spoil: Spoil, promise: str) -> None:
    """Each corruption of a clean run is found, under its own name, in whatever conversation it happens."""
    found = check(spoil(clean(seed), random.Random(seed)))  # noqa: S311 - repeatable
    assert promise in {finding.promise for finding in found}


def merged(evidence: Evidence) -> tuple[Evidence, str]:
    """Return a run in which two updates of one lane went out as one call, and whose they were."""
    for one, first in enumerate(evidence.calls):
        for second in evidence.calls[one + 1 :]:
            if (first.external_id, first.operation, second.operation) == (
                second.external_id,
                "update",
                "update",
            ):
                both = {**first.sent["changedProperties"], **second.sent["changedProperties"]}
                call = replace(first, sent={"changedProperties": both})
                calls = [each for each in without(evidence, second) if each.sent != first.sent]
                return replace(evidence, calls=[*calls[:one], call, *calls[one:]]), first.conversation
    raise AssertionError


def test_merged_calls_are_understood() -> None:
    """Two updates in one call are both there; saying one of them again after it makes the state go back."""
    whole = clean(3)
    evidence, name = merged(whole)
    assert [each for each in check(evidence) if each.promise in {"lost", "disordered"}] == []
    call = next(each for each in evidence.calls if len(each.numbers) > 1)
    stale = next(
        each for each in whole.calls if each.conversation == name and each.numbers == {min(call.numbers)}
    )
    place = evidence.calls.index(call) + 1
    spoilt = replace(evidence, calls=[*evidence.calls[:place], stale, *evidence.calls[place:]])
    assert "disordered" in {each.promise for each in check(spoilt)}


def after(conversation: Conversation, opener: int, *, without: int) -> list[int]:
    """Return the commands from one on, but for one."""
    return [step.number for step in conversation.steps[opener:] if step.number != without]


def test_a_dead_letter_is_not_lost() -> None:
    """An update that is a dead letter needs no effect, and leaves nothing in the user data."""
    evidence = clean(5)
    call = next(each for each in evidence.calls if each.operation == "update" and len(each.properties) > 1)
    (number,) = call.numbers
    conversation = next(each for each in evidence.conversations if each.name == call.conversation)
    letter = Letter("rejected", "400", call.conversation, number)
    opener = max(
        min(each.numbers)
        for each in evidence.calls
        if each.operation == "create" and each.conversation == call.conversation
    )
    interactions = [
        replace(each, user_data=fold(conversation, after(conversation, opener, without=number)))
        if each.external_id.partition("~")[0] == conversation.name
        else each
        for each in evidence.interactions
    ]
    counted = {**evidence.counted, "delivered": evidence.counted["delivered"] - 1, "dead": 1}
    dead = replace(
        evidence, calls=without(evidence, call), letters=[letter], interactions=interactions, counted=counted
    )
    assert check(dead) == ()
    assert {each.promise for each in check(replace(dead, letters=[]))} >= {"lost", "user data"}


# ── buried, and done all the same ───────────────────────────────────────────────────────────────────────────


def half_dead(seed: int, reason: str = f"400 no; {IN_DOUBT}") -> tuple[Evidence, Call]:
    """Return a run in which an update took effect, was tried once more and refused, and its last effect."""
    evidence = clean(seed)
    ends = {each.external_id: each for each in evidence.interactions}
    call = next(
        each
        for each in evidence.calls
        if each.operation == "update" and len(each.properties) > 1 and each.external_id in ends
    )
    (number,) = call.numbers
    counted = {**evidence.counted, "delivered": evidence.counted["delivered"] - 1, "dead": 1}
    letter = Letter("rejected", reason, call.conversation, number)
    return replace(evidence, letters=[letter], counted=counted), call


def undone(evidence: Evidence, call: Call) -> list[Live]:
    """Return the interactions as if a call had never been."""
    (own,) = (f"S{number}" for number in call.numbers)
    return [
        replace(each, user_data={name: value for name, value in each.user_data.items() if name != own})
        if each.external_id == call.external_id
        else each
        for each in evidence.interactions
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_dead_command_counts_where_it_took_effect(seed: int) -> None:
    """Its answer was lost and another try refused: it stands in the user data, and is missed there."""
    evidence, call = half_dead(seed)
    assert check(evidence) == ()
    spoilt = replace(evidence, interactions=undone(evidence, call))
    assert [each.promise for each in check(spoilt)] == ["user data"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_dead_command_without_effect_counts_nowhere(seed: int) -> None:
    """It stands in the user data although no call with an effect holds it."""
    evidence, call = half_dead(seed)
    spoilt = replace(evidence, calls=without(evidence, call))
    assert "user data" in {each.promise for each in check(spoilt)}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_dead_letter_owns_up(seed: int) -> None:
    """A letter that only repeats the last answer hides that its command took effect."""
    evidence, _ = half_dead(seed, "400 no")
    assert [each.promise for each in check(evidence)] == ["letter"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_dead_command_keeps_its_place(seed: int) -> None:
    """Buried or not, what took effect after later ones was disordered."""
    evidence, call = half_dead(seed)
    later = [each for each in evidence.calls if each.external_id == call.external_id and each != call]
    calls = [*without(evidence, call), call] if later[-1].operation == "update" else without(evidence, call)
    found = {each.promise for each in check(replace(evidence, calls=calls))}
    assert found & {"disordered", "user data"}


def split() -> Evidence:
    """Return a run in which a batch took effect, its answer was lost, and it was then refused and split.

    Its last command, sent alone at the end, is refused as well, and so are the ones between.
    """
    steps = tuple(Step(number, Kind.UPDATE if number else Kind.CREATE, 0.0) for number in range(5))
    conversation = Conversation("api-1", "billing", Door.API, 0.0, steps)

    def call(place: int, *contained: int, status: int = 200, lost: bool = False) -> Call:
        data = fold(conversation, contained)
        operation, name = ("update", "changedProperties") if place > 1 else ("create", "userData")
        effect = status == 200 or lost
        return Call(place, "billing", operation, "api-1", effect, None, {name: data}, status)

    calls = [
        call(1, 0),
        call(2, 1, 2, 3, 4, status=502, lost=True),
        call(3, 1, 2, 3, 4, status=400),
        call(4, 1),
        call(5, 2, 3, 4, status=400),
        call(6, 2),
        call(7, 3, 4, status=400),
        call(8, 3),
        call(9, 4, status=400),
    ]
    return Evidence(
        conversations=[conversation],
        answers=list(answers([conversation])),
        calls=calls,
        interactions=[
            Live("billing", "api-1", "I", active=True, user_data=fold(conversation, (0, 4, 1, 2, 3)))
        ],
        ledger=[Row("billing", "api-1", "open", 1, "I")],
        letters=[Letter("rejected", f"400; {IN_DOUBT}", "api-1", 4)],
        leftovers=[],
        counted={"accepted": 5, "delivered": 4, "dead": 1},
    )


def test_a_batch_that_is_split_may_say_things_again() -> None:
    """To find the guilty one, each command of a refused call is sent alone, though all had taken effect."""
    assert check(split()) == ()


@pytest.mark.parametrize(("missing", "promise"), [(3, "disordered"), (2, "user data")], ids=str)
def test_only_a_refused_batch_is_split(missing: int, promise: str) -> None:
    """Without the refusal the state went back for no reason; without the effect nobody set what is there."""
    evidence = split()
    calls = [each for each in evidence.calls if each.place != missing]
    assert promise in {each.promise for each in check(replace(evidence, calls=calls))}


def test_a_split_goes_back_no_further() -> None:
    """What stood before the refused call may not be said again after it."""
    evidence = split()
    again = replace(
        evidence.calls[0], operation="update", sent={"changedProperties": {"Subject": "api-1 #0"}}
    )
    calls = [*evidence.calls[:3], again, *evidence.calls[3:]]
    assert [each.promise for each in check(replace(evidence, calls=calls))] == ["disordered"]


def test_a_split_changes_nothing_in_the_end_but_the_order() -> None:
    """The last command took effect before the others were said again: its words are no longer the last."""
    evidence = split()
    (live,) = evidence.interactions
    orderly = replace(live, user_data=fold(evidence.conversations[0], range(5)))
    assert [each.promise for each in check(replace(evidence, interactions=[orderly]))] == ["user data"]


def test_a_stop_is_excused_where_an_agent_finished() -> None:
    """An agent was faster: the stop takes no effect, and nothing is lost."""
    evidence = clean(2)
    stop = [each for each in evidence.calls if each.operation == "stop"][-1]
    calls = [
        replace(each, effect=False, fault="agent_finishes") if each.sent == stop.sent else each
        for each in evidence.calls
    ]
    assert [each for each in check(replace(evidence, calls=calls)) if each.promise == "lost"] == []
