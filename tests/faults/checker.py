"""Checker: whether what senders were told came true. Pure.

What each word means, exactly:

- **lost**: a command whose sender was told "accepted" that stands in no call with an effect and in no dead
  letter. A stop needs none where an agent had finished the interaction.
- **doubled**: two creates with an effect for one external id of the API, which is one conversation and
  generation; or two interactions of one conversation that are live in the end.
- **disordered**: walking through the effects of one conversation as the API saw them, a call that contains a
  command for the first time although a later one had taken effect already; or a call whose last command is
  older than the last one of a call before it, so that the state went back. The same call once more, right
  after itself, is neither: that is how the bridge deals with an answer that was lost. Nor is a command
  of a call with several that was refused: to find the guilty one, each is sent once more by itself.
- **receipt**: a repeated delivery was not given the first receipt again, or the receipts of a conversation
  are not numbered in the order in which its sender was told of them.
- **forbidden**: what was refused took effect, or what had to be refused was accepted.
- **user data**: what the API holds in the end is not what the commands make of it, property by property, the
  last writer winning; or what was stopped still lives, or the other way round. A command in the dead letters
  counts where it took effect all the same: its answer was lost, and another try of it was refused.
- **letter**: the dead letter of a command that took effect does not say that it may have.
- **left behind**: a lane, a lease, a mark or a due time after everything was done; or a delivery that was
  kept as unreadable.
- **ledger**: the ledger says other things of an interaction than the API.
- **counters**: accepted is not the number of commands, or is not delivered and dead together.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

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
    numbers,
)
from tests.faults.plan import Conversation, Kind

_Item = TypeVar("_Item")

#: Our own user data keys begin with it.
_MARK: Final = "bridge_"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A promise that was not kept."""

    promise: str
    conversation: str
    sentence: str


@dataclass(frozen=True, slots=True)
class _Course:
    """Everything about one conversation."""

    conversation: Conversation
    answers: Sequence[Answer]
    #: The calls that write, in order.
    calls: Sequence[Call]
    #: Its dead letters, by the numbers of their commands.
    letters: Mapping[int, Letter]
    #: What the API has under its external ids, oldest generation first.
    interactions: Sequence[Live]
    row: Row | None
    #: Whether an agent finished any of it behind the bridge's back.
    finished: bool

    @property
    def effects(self) -> Sequence[Call]:
        """The calls with an effect, in order."""
        return [call for call in self.calls if call.effect]

    def finding(self, promise: str, sentence: str) -> Finding:
        return Finding(promise, self.conversation.name, sentence)


def check(evidence: Evidence) -> tuple[Finding, ...]:
    """Return every promise that was not kept, sorted."""
    found = [finding for course in _courses(evidence) for rule in _RULES for finding in rule(course)]
    found += [*_forbidden_effects(evidence), *_left_behind(evidence), *_counters(evidence)]
    return tuple(sorted(found))


# ── by conversation ─────────────────────────────────────────────────────────────────────────────────────────


def _lost(course: _Course) -> Iterator[Finding]:
    done = frozenset[int]().union(*(call.numbers for call in course.effects)) | course.letters.keys()
    accepted = {each.number for each in _genuine(course) if each.told is Told.ACCEPTED}
    for step in course.conversation.steps:
        excused = step.kind is Kind.STOP and course.finished
        if step.number not in accepted:
            yield course.finding(
                "lost", f"#{step.number} was never accepted, so the run proves nothing of it"
            )
        elif step.number not in done and not excused:
            yield course.finding("lost", f"#{step.number} ({step.kind}) was accepted and took no effect")


def _doubled(course: _Course) -> Iterator[Finding]:
    created = Counter(call.external_id for call in course.effects if call.operation == "create")
    for external_id, times in created.items():
        if times > 1:
            yield course.finding("doubled", f"{external_id} was created {times} times")
    live = [each.external_id for each in course.interactions if each.active]
    if len(live) > 1:
        yield course.finding("doubled", f"{', '.join(live)} are live at the same time")


def _disordered(course: _Course) -> Iterator[Finding]:
    seen: set[int] = set()
    high = last = -1
    for call in course.calls:
        if call.refused_batch:
            last = min(last, *call.numbers)
        if not call.effect or not call.numbers:
            continue
        late = sorted(number for number in call.numbers - seen if number < high)
        if late:
            yield course.finding(
                "disordered", f"#{late[0]} first took effect after #{high} (call {call.place})"
            )
        elif max(call.numbers) < last:
            yield course.finding(
                "disordered",
                f"#{max(call.numbers)} took effect again after #{last}: the state went back "
                f"(call {call.place})",
            )
        seen |= call.numbers
        high, last = max(high, *call.numbers), max(call.numbers)


def _receipts(course: _Course) -> Iterator[Finding]:
    given: defaultdict[int, set[tuple[str, int]]] = defaultdict(set)
    for answer in _genuine(course):
        if answer.receipt:
            given[answer.number].add((answer.receipt, answer.sequence))
    last = 0
    for number, receipts in sorted(given.items()):
        if len(receipts) > 1:
            yield course.finding("receipt", f"#{number} was given {len(receipts)} different receipts")
        sequence = min(each for _, each in receipts)
        if sequence <= last:
            yield course.finding("receipt", f"#{number} has the sequence {sequence}, after {last}")
        last = max(last, sequence)


def _accepted_forbidden(course: _Course) -> Iterator[Finding]:
    for answer in course.answers:
        if answer.intent is not Intent.GENUINE and answer.told is Told.ACCEPTED:
            yield course.finding("forbidden", f"#{answer.number} {answer.intent} was accepted: {answer.said}")
        if answer.intent is Intent.GENUINE and answer.told in {Told.REFUSED, Told.CONFLICT}:
            yield course.finding("forbidden", f"#{answer.number} was turned away: {answer.said}")


def _user_data(course: _Course) -> Iterator[Finding]:
    last = course.interactions[-1] if course.interactions else None
    openers = [call for call in course.effects if call.operation == "create" and last and _opens(call, last)]
    if last is None or not openers:
        if course.conversation.steps[0].number not in course.letters:
            yield course.finding("user data", "the API has no interaction of it")
        return
    wanted = fold(course.conversation, _standing(course, openers[-1]))
    has = {name: value for name, value in last.user_data.items() if not name.startswith(_MARK)}
    if wanted.keys() == {"Subject"}:
        has = {"Subject": has.get("Subject")}
    wrong = sorted(name for name in wanted.keys() | has.keys() if wanted.get(name) != has.get(name))
    if wrong:
        name = wrong[0]
        yield course.finding(
            "user data",
            f"{last.external_id}: {name} is {has.get(name)!r}, not {wanted.get(name)!r}; {len(wrong)} differ",
        )
    stopped = course.conversation.steps[-1].kind is Kind.STOP
    if last.active and stopped:
        yield course.finding("user data", f"{last.external_id} was stopped and is still live")
    if not last.active and not stopped and not course.finished:
        yield course.finding("user data", f"{last.external_id} was never stopped and is not live")


def _standing(course: _Course, opener: Call) -> Sequence[int]:
    """Return the commands that made an interaction what it is, in the order in which they count.

    Those in the dead letters count only where the interaction saw them: in their place, or before whatever
    was sent again after them.
    """
    made = course.calls[course.calls.index(opener) :]
    seen = {
        number: place
        for place, call in enumerate(made)
        if call.effect and call.external_id == opener.external_id
        for number in call.numbers
    }
    steps = course.conversation.steps[min(opener.numbers) :]
    order = [step.number for step in steps if step.number not in course.letters]
    for dead in sorted(seen.keys() & course.letters.keys()):
        later = (place for place, each in enumerate(order) if each > dead or seen.get(each, -1) > seen[dead])
        order.insert(next(later, len(order)), dead)
    return order


def _letters(course: _Course) -> Iterator[Finding]:
    done = frozenset[int]().union(*(call.numbers for call in course.effects))
    for number in sorted(done & course.letters.keys()):
        if not course.letters[number].doubts:
            said = course.letters[number].reason
            yield course.finding("letter", f"#{number} took effect, and its dead letter says only {said!r}")


def _ledger(course: _Course) -> Iterator[Finding]:
    row, live = course.row, [each for each in course.interactions if each.active]
    if row is None:
        yield course.finding("ledger", "it has no row")
        return
    if row.state == "open":
        fits = [each for each in live if each.external_id == row.remote_id]
        if not fits and not course.finished:
            yield course.finding("ledger", f"{row.remote_id} is open in the ledger and not live at the API")
        for each in fits:
            if row.interaction_id not in {None, each.interaction_id}:
                yield course.finding(
                    "ledger", f"{row.remote_id} is {row.interaction_id}, not {each.interaction_id}"
                )
    elif live:
        yield course.finding("ledger", f"{live[0].external_id} is live, and {row.state} in the ledger")


_RULES: Final[Sequence[Callable[[_Course], Iterable[Finding]]]] = (
    _lost,
    _doubled,
    _disordered,
    _receipts,
    _accepted_forbidden,
    _user_data,
    _letters,
    _ledger,
)


# ── over all ────────────────────────────────────────────────────────────────────────────────────────────────


def _forbidden_effects(evidence: Evidence) -> Iterator[Finding]:
    for call in evidence.calls:
        if call.effect and FORBIDDEN in str(call.sent):
            yield Finding("forbidden", call.conversation, f"what was refused took effect (call {call.place})")


def _left_behind(evidence: Evidence) -> Iterator[Finding]:
    for leftover in evidence.leftovers:
        yield Finding("left behind", "", leftover)
    for letter in evidence.letters:
        if not letter.conversation:
            yield Finding("left behind", "", f"a delivery is a dead letter: {letter.reason}")


def _counters(evidence: Evidence) -> Iterator[Finding]:
    counted = evidence.counted
    commands = sum(len(each.steps) for each in evidence.conversations)
    if counted["accepted"] != commands:
        yield Finding(
            "counters", "", f"accepted counts {counted['accepted']}, but there were {commands} commands"
        )
    ended = counted["delivered"] + counted["dead"]
    if counted["accepted"] != ended:
        yield Finding("counters", "", f"accepted counts {counted['accepted']}, delivered and dead {ended}")


# ── sorting ─────────────────────────────────────────────────────────────────────────────────────────────────


def _courses(evidence: Evidence) -> Iterator[_Course]:
    answers = _grouped(evidence.answers, lambda each: each.conversation)
    lanes = lanes_of(evidence)
    calls: defaultdict[str, list[Call]] = defaultdict(list)
    finished: set[str] = set()
    created: set[tuple[str, str]] = set()
    for call in evidence.calls:
        name = lanes.get(lane_of(call), "")
        # before a first create there was nothing that an agent could finish
        if call.fault == "agent_finishes" and (call.service, call.external_id) in created:
            finished.add(name)
        if call.operation != "get":
            calls[name].append(call)
        if call.effect and call.operation == "create":
            created.add((call.service, call.external_id))
    letters = _grouped(evidence.letters, lambda each: each.conversation)
    interactions = _grouped(evidence.interactions, lambda each: lanes.get(lane_of(each), ""))
    rows = {lanes.get((each.service, each.external_id), ""): each for each in evidence.ledger}
    for conversation in evidence.conversations:
        name = conversation.name
        yield _Course(
            conversation,
            answers.get(name, ()),
            calls[name],
            {each.number: each for each in letters.get(name, ())},
            sorted(interactions.get(name, ()), key=lambda each: _generation(each.external_id)),
            rows.get(name),
            name in finished,
        )


def lanes_of(evidence: Evidence) -> Mapping[tuple[str, str], str]:
    """Return which conversation each lane holds: a mail's lane has a name of its own, so the words decide."""
    return {
        lane_of(call): call.conversation
        for call in evidence.calls
        if call.effect and call.operation == "create"
    }


def lane_of(found: Call | Live) -> tuple[str, str]:
    """Return the service and the lane of a call or an interaction."""
    return found.service, found.external_id.partition("~")[0]


def _generation(remote_id: str) -> int:
    return int(remote_id.partition("~")[2] or 1)


def _opens(call: Call, interaction: Live) -> bool:
    return call.external_id == interaction.external_id and bool(numbers(call.properties))


def _genuine(course: _Course) -> Iterator[Answer]:
    return (each for each in course.answers if each.intent is Intent.GENUINE)


def _grouped(items: Iterable[_Item], key: Callable[[_Item], str]) -> Mapping[str, list[_Item]]:
    groups: defaultdict[str, list[_Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups
