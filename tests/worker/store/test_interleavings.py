"""Whatever order the verbs come in, and however often each is sent, no command is lost, doubled or overtaken.

A machine invents interleavings of senders, workers, dead workers, people and repeated calls on three
conversations.
It keeps its own small account of what must be true and compares it with what the stores say after every step.
The second test runs both stores side by side: every answer of one must be the answer of the other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import uvloop
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from worker.commands import Command, Create, Guard, Stop, Update, guard_of
from worker.errors import KeyConflict, LaneFull, Overtaken
from worker.interactions import EndedBy, Interaction, State
from worker.lanes import (
    Appended,
    Burial,
    Claim,
    Deferral,
    Entry,
    Held,
    LaneView,
    Partition,
    Receipt,
    Settlement,
    Way,
)
from worker.letters import DeadCommand, LetterHead
from worker.pace import Pace
from worker.ports import Store
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore
from worker.store.redis import RedisStore

#: The same examples every time: a failure in CI is a failure at the desk. Looking for the smallest failure
#: would take minutes.
settings.register_profile(
    "interleavings",
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    stateful_step_count=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=45)
HOME = Partition("support", 0)
LANES = ("c-1", "c-2", "c-3")
CAP = 4
WINDOW = 2
LIMITS = Limits({"support": ServiceLimits(lane_cap=CAP, dedup_window_ms=120_000)}, window=WINDOW, awake_ms=50)
#: How long a service is left alone again when its first try after a hold fails.
SHUT_AGAIN = timedelta(milliseconds=LIMITS.service("support").gate.breaker_open_ms)

lanes = st.sampled_from(LANES)
twice = st.booleans()
places = st.integers(min_value=0, max_value=1000)


def outcome_of(error: Exception) -> object:
    """Return what two stores must agree on when they refuse."""
    return type(error), str(error)


@dataclass(frozen=True)
class Sight:
    """All there is to see of the stores."""

    views: dict[str, LaneView | None]
    dead: tuple[LetterHead, ...]
    pace: Pace
    listed: dict[str, Interaction]
    #: The last activity of each open interaction.
    active: dict[str, datetime]


Claiming = Callable[[Store], Awaitable[tuple[Claim, ...]]]


class Stores:
    """Several stores that are asked the same things and must give the same answers."""

    def __init__(self, stores: Sequence[Store]) -> None:
        self._stores = stores
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)

    def ask(self, question: Callable[[Store], Awaitable[object]]) -> object:
        """Return the one answer of all stores, or raise their one error."""
        answers = [self._runner.run(self._answer(store, question)) for store in self._stores]
        for answer in answers[1:]:
            assert self._said(answer) == self._said(answers[0])
        if isinstance(answers[0], Exception):
            raise answers[0]
        return answers[0]

    def close(self) -> None:
        """Give every connection back."""
        for store in self._stores:
            self._runner.run(store.aclose())
        self._runner.close()

    @staticmethod
    async def _answer(store: Store, question: Callable[[Store], Awaitable[object]]) -> object:
        try:
            return await question(store)
        except (KeyConflict, LaneFull, Overtaken) as error:
            return error

    @staticmethod
    def _said(answer: object) -> object:
        return outcome_of(answer) if isinstance(answer, Exception) else answer


@dataclass
class Account:
    """What must be true of one conversation."""

    interaction: Interaction
    pending: list[int] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)
    buried: list[int] = field(default_factory=list)
    #: Given up by a person, or brought back under another number.
    gone: list[int] = field(default_factory=list)
    #: The idempotency keys of this conversation, forgotten when it has ended and nothing waits.
    keys: set[str] = field(default_factory=set)
    accepted: int = 0
    fence: int = 0
    attempt: int = 0
    held: bool = False
    suspect: bool = False
    #: The letter that parked the lane.
    parked: str = ""
    #: The last activity while it is open, to the millisecond; sweeps go by it.
    activity: datetime | None = None


@dataclass
class Brake:
    """What must be true of the service's gate: open, held for a time, then one lane at a time."""

    held_until: datetime = START
    ajar: bool = False
    #: Until when the one lane that tries may take.
    trying_until: datetime = START
    trying: str = ""
    paused: str = ""

    def admits(self, wanted: int, now: datetime) -> int:
        """Return how many lanes may be claimed."""
        if self.paused or self.held_until > now:
            return 0
        return min(wanted, 0 if self.trying_until > now else 1) if self.ajar else wanted

    def lets_go_on(self, now: datetime) -> bool:
        """Say whether a holder may keep its lane."""
        return not self.paused and self.held_until <= now

    def claimed(self, names: Sequence[str], now: datetime) -> None:
        """Lanes were claimed."""
        if self.ajar and names:
            self.trying_until, self.trying = now + LEASE, names[0]

    def returned(self, name: str) -> None:
        """A lane came back without a failure: if it was the one that tried, another may."""
        if name == self.trying:
            self.trying_until = START

    def held(self, until: datetime) -> None:
        """The service is held; a longer hold wins."""
        if until > self.held_until:
            self.held_until, self.ajar = until, True
        self.trying_until = START

    def answered(self, now: datetime) -> None:
        """A command got its answer: after a hold, that opens the gate."""
        if self.ajar and self.held_until <= now:
            self.held_until, self.ajar, self.trying_until = START, False, START

    def failed(self, now: datetime) -> bool:
        """Note that a call failed; say whether that shut the gate again."""
        if not (self.ajar and self.held_until <= now):
            return False
        self.held_until, self.trying_until = now + SHUT_AGAIN, START
        return True

    def resumed(self) -> None:
        """A person opened it, whatever shut it."""
        self.held_until, self.ajar, self.trying_until, self.paused = START, False, START, ""


@dataclass
class Known:
    """An idempotency key that was used."""

    command: Command
    receipt: Receipt
    expires: datetime


@dataclass
class Holder:
    """A worker that claimed a lane, and what it believes to be still ahead of it."""

    claim: Claim
    ahead: list[int]
    #: Whether it still has the lane, as far as it knows itself.
    working: bool = True


class Interleavings(RuleBasedStateMachine):
    """Senders, workers, dead workers, people and repeated calls on three conversations."""

    def __init__(self, stores: Sequence[Store]) -> None:
        super().__init__()
        self.stores = Stores(stores)
        self.now = START
        self.count = 0
        self.brake = Brake()
        self.accounts = {name: Account(Interaction(service="support", external_id=name)) for name in LANES}
        self.keys: list[Known] = []
        self.holders: list[Holder] = []
        #: Calls that were made, to be made again.
        self.sent: list[Callable[[Store], Awaitable[object]]] = []
        #: Claims that were made, to be made again, and what they took.
        self.claimed: list[tuple[Claiming, tuple[Claim, ...]]] = []
        #: What there was to see after the last step.
        self.seen = self.everything()

    def teardown(self) -> None:
        """Close the stores."""
        self.stores.close()

    # --- what there is to see --------------------------------------------------------------------------

    def everything(self) -> Sight:
        """Return all that a verb could have changed."""
        return self.stores.ask(self._sight)

    @staticmethod
    async def _sight(store: Store) -> Sight:
        *views, dead, pace, listed, idle = await asyncio.gather(
            *(store.view("support", name) for name in LANES),
            store.dead("support", limit=1000),
            store.pace("support"),
            store.interactions("support", limit=10),
            store.idle(HOME, after=None, until=START + timedelta(days=365), limit=10),
        )
        listed = {row.external_id: row for row in listed}
        active = {each.external_id: each.since for each in idle}
        return Sight(dict(zip(LANES, views, strict=True)), dead, pace, listed, active)

    def new_id(self) -> str:
        """Return an id nobody used."""
        self.count += 1
        return f"id{self.count}"

    def entry(self, event: str, sequence: int) -> Entry:
        """Return a line of history."""
        return Entry(at=self.now, event=event, sequence=sequence)

    def due(self) -> list[datetime]:
        """Return since when the due lanes are due."""
        views = self.seen.views.values()
        return [view.due for view in views if view and view.due and view.due <= self.now]

    def is_holder(self, holder: Holder) -> bool:
        """Say whether a claim is the lane's present one."""
        return self.accounts[holder.claim.external_id].fence == holder.claim.fence

    def present(self) -> list[Holder]:
        """Return the workers that hold a lane."""
        return [each for each in self.holders if each.working and self.is_holder(each)]

    def stale(self) -> list[Holder]:
        """Return the workers that do not know that they lost their lane."""
        return [each for each in self.holders if each.working and not self.is_holder(each)]

    def send(self, call: Callable[[Store], Awaitable[object]], *, again: bool) -> object:
        """Make a call, perhaps twice as after a lost answer, and remember it."""
        answer = self.stores.ask(call)
        if again:
            before = self.everything()
            assert self.stores.ask(call) == answer
            assert self.everything() == before
        self.sent.append(call)
        return answer

    # --- senders ---------------------------------------------------------------------------------------

    def command(self, name: str, key: str, kind: int) -> Command:
        """Return a create, an update or a stop."""
        common = {
            "service": "support",
            "external_id": name,
            "idempotency_key": key,
            "channel": "mail",
            "received_at": self.now,
        }
        if kind == 2:
            return Stop(**common, reason_system_name=key)
        return Create(**common, user_data={"n": key}) if kind == 0 else Update(**common, changed={"n": key})

    @initialize(waiting=st.lists(lanes, max_size=5))
    def begin(self, waiting: list[str]) -> None:
        """Some conversations have begun already."""
        for name in waiting:
            self._append(self.command(name, f"mail:{self.new_id()}", kind=0), again=False)
            self.seen = self.everything()

    @rule(name=lanes, kind=st.integers(0, 2), again=twice)
    def append(self, name: str, kind: int, *, again: bool) -> None:
        """A new command stands at the end of its lane, unless the lane is full."""
        command = self.command(name, f"mail:{self.new_id()}", kind)
        self._append(command, again=again)

    def _append(self, command: Command, *, again: bool) -> None:
        receipt_id, now = self.new_id(), self.now
        account = self.accounts[command.external_id]

        def call(store: Store) -> Awaitable[Appended]:
            return store.append(command, receipt_id=receipt_id, now=now)

        if len(account.pending) >= CAP:
            before = self.seen
            with pytest.raises(LaneFull):
                self.stores.ask(call)
            assert self.everything() == before
            return
        appended = self.stores.ask(call)
        if again:
            before = self.everything()
            assert self.stores.ask(call).receipt == appended.receipt
            assert self.everything() == before
        account.accepted += 1
        receipt = appended.receipt
        assert (receipt.id, receipt.duplicate) == (receipt_id, False)
        assert (receipt.sequence, receipt.position) == (account.accepted, len(account.pending))
        account.pending.append(receipt.sequence)
        if account.activity and not guard_of(command):
            account.activity = now
        before, after = self.seen.views[command.external_id], self.everything().views[command.external_id]
        if not account.parked:
            assert after.due == (before.due if before and before.due else now), "it keeps its time"
        window = timedelta(milliseconds=LIMITS.service("support").dedup_window_ms)
        self.keys.append(Known(command, receipt, now + window))
        account.keys.add(command.idempotency_key)

    @rule(name=lanes, behind=st.sampled_from([0, 0, 0, 1]), again=twice)
    def sweep(self, name: str, behind: int, *, again: bool) -> None:
        """A sweep's stop is taken where nothing waits and nothing happened since it looked, else not."""
        account, before = self.accounts[name], self.seen
        since = (account.activity or self.now) - timedelta(milliseconds=behind)
        plain = self.command(name, f"sweep:{self.new_id()}", kind=2)
        stop = plain.model_copy(update={"guard": Guard(idle_since=since, sweep="s")})
        if account.activity is not None and not account.pending and not behind:
            self._append(stop, again=again)
            return
        with pytest.raises(Overtaken):
            self.stores.ask(self.sending(stop))
        assert self.everything() == before

    @precondition(lambda self: self.present())
    @rule(place=places)
    def confirm(self, place: int) -> None:
        """The way of a sweep's stop is clear unless something newer waits; looking changes nothing."""
        holder, before = self.present()[place % len(self.present())], self.seen
        waiting = len(self.accounts[holder.claim.external_id].pending)
        way = self.stores.ask(lambda store: store.confirm(holder.claim))
        assert way is (Way.OVERTAKEN if waiting > 1 else Way.CLEAR)
        assert self.everything() == before

    def is_remembered(self, known: Known) -> bool:
        """Say whether a key is: for its window, and while its conversation is open."""
        account = self.accounts[known.command.external_id]
        told = account.interaction.state is State.OPEN and known.command.idempotency_key in account.keys
        return told or known.expires > self.now

    @precondition(lambda self: self.keys)
    @rule(place=places, again=twice)
    def send_again(self, place: int, *, again: bool) -> None:
        """A sender's repetition gets the first receipt, as long as the key is remembered."""
        known = self.keys[place % len(self.keys)]
        if not self.is_remembered(known):
            self.keys.remove(known)
            self._append(known.command, again=again)
            return
        before = self.seen
        call = self.sending(known.command)
        for _ in range(1 + again):
            appended = self.stores.ask(call)
            assert appended.receipt == known.receipt.model_copy(update={"duplicate": True})
        assert self.everything() == before

    @precondition(lambda self: any(self.is_remembered(known) for known in self.keys))
    @rule(place=places)
    def send_another_content(self, place: int) -> None:
        """One key with another content is a conflict, and changes nothing."""
        remembered = [known for known in self.keys if self.is_remembered(known)]
        known = remembered[place % len(remembered)]
        before = self.seen
        with pytest.raises(KeyConflict) as caught:
            self.stores.ask(self.sending(known.command.model_copy(update={"channel": "other"})))
        assert caught.value.first == known.command.fingerprint
        assert self.everything() == before

    def sending(self, command: Command) -> Callable[[Store], Awaitable[Appended]]:
        """Return the call that submits a command under a new receipt."""
        receipt_id, now = self.new_id(), self.now
        return lambda store: store.append(command, receipt_id=receipt_id, now=now)

    # --- workers ---------------------------------------------------------------------------------------

    @rule(limit=st.sampled_from([0, 1, 3, 3]), again=twice, leaving=st.booleans())
    def claim(self, limit: int, *, again: bool, leaving: bool) -> None:
        """A worker gets due lanes and nothing else, each with a greater fence and the head it must have."""
        views = self.seen.views
        due = {name for name in LANES if (view := views[name]) and view.due and view.due <= self.now}
        token, now = self.new_id(), self.now

        def call(store: Store) -> Awaitable[tuple[Claim, ...]]:
            return store.claim(HOME, limit=limit, lease=LEASE, token=token, now=now, leaving=leaving)

        claims = self.stores.ask(call)
        if again:
            before = self.everything()
            assert self.stores.ask(call) == claims
            assert self.everything() == before
        names = [claim.external_id for claim in claims]
        assert set(names) <= due
        assert len(set(names)) == len(names) == min(self.brake.admits(limit, now), len(due))
        self.brake.claimed(names, now)
        for claim in claims:
            self._claimed(claim)
        if claims:
            self.claimed.append((call, claims))

    @precondition(lambda self: self.claimed)
    @rule(place=places)
    def an_old_claim_arrives_again(self, place: int) -> None:
        """It returns what its claimer still holds, and changes nothing; what lapsed and was taken is gone."""
        self._claim_again(*self.claimed[place % len(self.claimed)])

    def _claim_again(self, call: Claiming, claims: tuple[Claim, ...]) -> None:
        before = self.seen
        repeated = self.stores.ask(call)
        accounts = [(claim, self.accounts[claim.external_id]) for claim in claims]
        held = [
            (claim.external_id, claim.fence)
            for claim, account in accounts
            if account.held and account.fence == claim.fence
        ]
        assert [(claim.external_id, claim.fence) for claim in repeated] == held
        for claim in repeated:
            numbers = [queued.sequence for queued in claim.commands]
            assert numbers == self.accounts[claim.external_id].pending[:WINDOW]
        assert self.everything() == before

    def _claimed(self, claim: Claim) -> None:
        account = self.accounts[claim.external_id]
        account.fence += 1
        account.attempt += 1
        account.suspect, account.held = account.held or account.suspect, True
        assert (claim.fence, claim.attempt) == (account.fence, account.attempt)
        assert claim.suspect is account.suspect
        assert claim.interaction == account.interaction
        assert claim.lease_until == self.now + LEASE
        numbers = [queued.sequence for queued in claim.commands]
        assert numbers == account.pending[:WINDOW]
        self.holders.append(Holder(claim, numbers))

    @precondition(lambda self: self.present())
    @rule(
        place=places,
        done=st.integers(1, WINDOW),
        keep=st.booleans(),
        again=twice,
        ends=st.booleans(),
        quiet=st.booleans(),
    )
    def settle(self, place: int, done: int, *, keep: bool, again: bool, ends: bool, quiet: bool) -> None:
        """What is done leaves the lane, from its head on, and the ledger says what was written."""
        holder = self.present()[place % len(self.present())]
        account = self.accounts[holder.claim.external_id]
        sequences = holder.ahead[:done]
        row = account.interaction.opened(interaction_id=self.new_id(), channel="mail", at=self.now)
        if ends:
            row = row.ended(by=EndedBy.BRIDGE, tombstone=self.now, at=self.now)
        quiet = quiet and account.activity is not None
        held = self.send(self.settling(holder, sequences[-1], row, keep=keep, quiet=quiet), again=again)
        if row.state is not State.OPEN:
            account.activity = None
        elif not quiet:
            account.activity = self.now
        assert account.pending[: len(sequences)] == sequences, "a command was overtaken"
        del account.pending[: len(sequences)], holder.ahead[:done]
        account.settled += sequences
        account.interaction = row
        account.suspect = False
        self.brake.answered(self.now)
        if not account.pending and row.state is not State.OPEN:
            account.keys.clear()
        if not account.pending:
            assert held is Held.EMPTY
        else:
            assert held is (Held.KEPT if keep and self.brake.lets_go_on(self.now) else Held.WAITING)
        account.held = holder.working = held is Held.KEPT
        account.attempt = 1 if account.held else 0
        if not holder.ahead and account.held:
            # nothing more was read: a worker that is honest never asks to keep such a lane
            holder.ahead = account.pending[:WINDOW]

    def settling(
        self, holder: Holder, sequence: int, row: Interaction, *, keep: bool, quiet: bool = False
    ) -> Callable[[Store], Awaitable[Held]]:
        """Return the call that settles."""
        claim, now = holder.claim, self.now
        entries = (self.entry("applied", sequence),)
        settlement = Settlement(sequence, row, entries, calls=1, keep=keep, quiet=quiet)
        return lambda store: store.settle(claim, settlement, lease=LEASE, now=now)

    @precondition(lambda self: self.present())
    @rule(
        place=places,
        wait_s=st.integers(0, 100),
        suspect=st.booleans(),
        counted=st.booleans(),
        failed=st.booleans(),
        again=twice,
    )
    def defer(
        self, place: int, wait_s: int, *, suspect: bool, counted: bool, failed: bool, again: bool
    ) -> None:
        """The head goes back as it is, and its doubt and count of tries with it."""
        holder = self.present()[place % len(self.present())]
        account = self.accounts[holder.claim.external_id]
        due = self.now + timedelta(seconds=wait_s)
        call = self.deferring(holder, due, suspect=suspect, counted=counted, failed=failed)
        tripped = failed and self.brake.failed(self.now)
        if not failed:
            self.brake.returned(holder.claim.external_id)
        held = self.stores.ask(call)
        assert held is (Held.TRIPPED if tripped else Held.WAITING)
        if again:
            before = self.everything()
            assert self.stores.ask(call) is Held.WAITING
            assert self.everything() == before
        self.sent.append(call)
        account.held = holder.working = False
        account.suspect = suspect
        account.attempt -= 0 if counted else 1
        view = self.everything().views[holder.claim.external_id]
        assert view is not None
        assert view.due == due

    def deferring(
        self, holder: Holder, due: datetime, *, suspect: bool, counted: bool, failed: bool
    ) -> Callable[[Store], Awaitable[Held]]:
        """Return the call that defers."""
        claim, now = holder.claim, self.now
        entry = self.entry("deferred", claim.commands[0].sequence)
        deferral = Deferral(due, suspect, counted, failed, 1, entry)
        return lambda store: store.defer(claim, deferral, now=now)

    @precondition(lambda self: self.present())
    @rule(place=places, park=st.booleans(), failed=st.booleans(), again=twice)
    def bury(self, place: int, *, park: bool, failed: bool, again: bool) -> None:
        """The head moves to the dead letters, and what follows waits or is parked."""
        holder = self.present()[place % len(self.present())]
        account = self.accounts[holder.claim.external_id]
        call, letter = self.burying(holder, holder.ahead[0], park=park, failed=failed)
        tripped = failed and self.brake.failed(self.now)
        held = self.stores.ask(call)
        if again:
            before = self.everything()
            assert self.stores.ask(call) in {Held.WAITING, Held.EMPTY}
            assert self.everything() == before
        self.sent.append(call)
        account.buried.append(account.pending.pop(0))
        if not failed:
            self.brake.answered(self.now)
        freed = Held.WAITING if account.pending else Held.EMPTY
        assert held is (Held.TRIPPED if tripped else freed)
        account.held = account.suspect = holder.working = False
        account.attempt, account.parked = 0, letter.id if park else ""
        if park:
            self.seen = self.everything()
            self._append(self.command(holder.claim.external_id, f"mail:{self.new_id()}", kind=1), again=again)

    def burying(
        self, holder: Holder, sequence: int, *, park: bool, failed: bool
    ) -> tuple[Callable[[Store], Awaitable[Held]], DeadCommand]:
        """Return the call that buries, and the letter."""
        claim, now = holder.claim, self.now
        command = next(each.command for each in claim.commands if each.command is not None)
        letter = DeadCommand(
            id=self.new_id(),
            cause="rejected",
            reason="400",
            buried_at=now,
            attempts=claim.attempt,
            sequence=sequence,
            command=command,
        )
        burial = Burial(letter, self.entry("buried", sequence), park, failed, 1)
        return lambda store: store.bury(claim, burial, now=now), letter

    @precondition(lambda self: self.present())
    @rule(place=places)
    def renew(self, place: int) -> None:
        """A holder's lease begins anew, and again is no harm; one that has lapsed is over."""
        holder = self.present()[place % len(self.present())]
        now, before = self.now, self.seen
        lapsed = before.views[holder.claim.external_id].due <= now
        for _ in range(2):
            until = self.stores.ask(lambda store: store.renew(holder.claim, lease=LEASE, now=now))
            assert until == (None if lapsed else now + LEASE)
        if lapsed:
            assert self.everything() == before
        else:
            assert self.everything().views[holder.claim.external_id].due == until

    # --- people ----------------------------------------------------------------------------------------

    def letter(self, place: int) -> tuple[LetterHead, Account]:
        """Return a dead letter's head and the account of its conversation."""
        parking = [letter for letter in self.seen.dead if self.account_of(letter).parked == letter.id]
        letters = parking if parking and place % 2 else self.seen.dead
        letter = letters[place // 2 % len(letters)]
        return letter, self.account_of(letter)

    def account_of(self, head: LetterHead) -> Account:
        """Return the account of a letter's conversation."""
        return self.accounts[head.external_id]

    @precondition(lambda self: self.seen.dead)
    @rule(place=places, again=twice)
    def replay(self, place: int, *, again: bool) -> None:
        """What parks a lane goes back to its head under its number; anything else to the end, as new."""
        head, account = self.letter(place)
        letter, _ = self.stores.ask(lambda store: store.letter("support", head.id))
        assert letter.head == head
        now = self.now

        def calling() -> Callable[[Store], Awaitable[int]]:
            receipt_id = self.new_id()
            return lambda store: store.replay(letter, letter.command, receipt_id=receipt_id, now=now)

        sequence = self.send(calling(), again=again)
        account.buried.remove(letter.sequence)
        if account.parked == letter.id:
            account.parked = ""
            assert sequence == letter.sequence
            account.pending.insert(0, sequence)
        else:
            account.accepted += 1
            assert sequence == account.accepted
            account.pending.append(sequence)
            account.gone.append(letter.sequence)
        before = self.everything()
        assert self.stores.ask(calling()) == 0, "somebody else replays it"
        assert self.everything() == before

    @precondition(lambda self: self.seen.dead)
    @rule(place=places, again=twice)
    def discard(self, place: int, *, again: bool) -> None:
        """What is given up is gone; a lane that it parked goes on without it."""
        letter, account = self.letter(place)
        entry = self.entry("discarded", letter.sequence)

        def calling() -> Callable[[Store], Awaitable[bool]]:
            token = self.new_id()
            return lambda store: store.discard(letter, entry, token=token)

        assert self.send(calling(), again=again) is True
        account.buried.remove(letter.sequence)
        account.gone.append(letter.sequence)
        if account.parked == letter.id:
            account.parked = ""
        before = self.everything()
        assert self.stores.ask(calling()) is False, "somebody else discards it"
        assert self.everything() == before

    @rule(name=st.sampled_from(["", *LANES]))
    def hasten(self, name: str) -> None:
        """What backs off is due at once; what is worked on keeps its lease, what is parked stays."""
        waiting = {
            each
            for each in LANES
            if (view := self.seen.views[each]) and view.due and view.due > self.now and name in {"", each}
        }
        backing_off = {each for each in waiting if not self.accounts[each].held}
        now = self.now
        call = lambda store: store.hasten("support", external_id=name, now=now)  # noqa: E731 - asked twice
        assert self.stores.ask(call) == len(backing_off)
        after = self.everything().views
        for each in waiting:
            assert after[each].due == (now if each in backing_off else self.seen.views[each].due)
        assert self.stores.ask(call) == 0

    @rule(stays=st.sampled_from([False, False, True]))
    def pause(self, *, stays: bool) -> None:
        """Nothing is claimed until somebody resumes it; that ends a hold as well."""
        self.stores.ask(lambda store: store.pause("support", reason="maintenance"))
        self.brake.paused = "maintenance"
        self.claim(limit=len(LANES), again=False, leaving=False)
        if not stays:
            self.resume()

    @precondition(lambda self: self.brake.paused or self.brake.ajar)
    @rule()
    def resume(self) -> None:
        """Whatever shut the service, a person opens it."""
        self.stores.ask(lambda store: store.resume("support"))
        self.brake.resumed()

    # --- trouble ---------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 10, 130]))
    def time_passes(self, seconds: int) -> None:
        """Leases lapse, back-offs end, keys are forgotten."""
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.present())
    @rule(again=twice)
    def workers_die(self, *, again: bool) -> None:
        """Nobody hears of them; their leases lapse, and others take over all there is."""
        self.now += LEASE
        dead = self.claimed[-1:]
        self.claim(limit=len(LANES), again=again, leaving=False)
        self.seen = self.everything()
        for call, claims in dead:
            self._claim_again(call, claims)

    @rule(seconds=st.sampled_from([1, 5]))
    def hold(self, seconds: int) -> None:
        """The service waits; a longer hold wins."""
        until = self.now + timedelta(seconds=seconds)
        self.stores.ask(lambda store: store.hold("support", until=until, reason="429"))
        self.brake.held(until)

    @rule(place=places, patient=st.booleans())
    def a_hold_ends(self, place: int, *, patient: bool) -> None:
        """After it one lane tries at a time; what it hears decides when the next one may."""
        self.hold(seconds=1)
        self.now += LEASE
        for _ in range(2):
            self.seen = self.everything()
            self.claim(limit=len(LANES), again=False, leaving=False)
            if patient and self.present():
                self.defer(place, 0, suspect=False, counted=True, failed=False, again=False)

    @precondition(lambda self: self.stale())
    @rule(place=places, verb=st.sampled_from(["settle", "defer", "bury", "renew"]))
    def a_stale_holder_writes(self, place: int, verb: str) -> None:
        """Whoever lost the lane is told so, and changes nothing."""
        holder = self.stale()[place % len(self.stale())]
        before = self.seen
        if verb == "renew":
            now = self.now
            assert self.stores.ask(lambda store: store.renew(holder.claim, lease=LEASE, now=now)) is None
        elif verb == "settle":
            call = self.settling(holder, holder.ahead[-1], holder.claim.interaction, keep=False)
            assert self.stores.ask(call) is Held.STALE
        elif verb == "defer":
            call = self.deferring(holder, self.now, suspect=False, counted=True, failed=True)
            assert self.stores.ask(call) is Held.STALE
        else:
            call, _ = self.burying(holder, holder.ahead[0], park=True, failed=True)
            assert self.stores.ask(call) is Held.STALE
        assert self.everything() == before

    @precondition(lambda self: self.sent)
    @rule(place=places)
    def an_old_call_arrives_again(self, place: int) -> None:
        """A settle, defer, bury, replay or discard repeated at any later time changes nothing."""
        before = self.seen
        self.stores.ask(self.sent[place % len(self.sent)])
        assert self.everything() == before

    # --- what is always true ---------------------------------------------------------------------------

    @invariant()
    def the_promises_hold(self) -> None:
        """After every step."""
        self.seen = self.everything()
        self.the_stores_agree_with_the_account()
        self.every_accepted_command_is_settled_buried_or_pending()
        self.the_backlog_is_what_is_due()
        self.the_open_ones_are_listed()

    def the_stores_agree_with_the_account(self) -> None:
        """Row, lane, schedule and dead letters are what the accepted calls made of them."""
        for name, account in self.accounts.items():
            view = self.seen.views[name]
            if view is None:
                assert account.accepted == 0
                continue
            assert [queued.sequence for queued in view.pending] == account.pending
            assert view.interaction == account.interaction
            assert (view.parked, view.attempt) == (bool(account.parked), account.attempt)
            assert (view.due is not None) is bool(account.pending and not account.parked)
            buried = sorted(each.sequence for each in self.seen.dead if each.external_id == name)
            assert buried == sorted(account.buried)

    def every_accepted_command_is_settled_buried_or_pending(self) -> None:
        """Each exactly once, in the order in which it was accepted, as the history tells."""
        for name, account in self.accounts.items():
            known = sorted(account.settled + account.buried + account.gone + account.pending)
            assert known == list(range(1, account.accepted + 1))
            assert account.settled == sorted(account.settled)
            view = self.seen.views[name]
            applied = [line.sequence for line in view.history if line.event == "applied"] if view else []
            assert applied == sorted(set(applied))
            assert set(applied) <= set(account.settled)

    def the_backlog_is_what_is_due(self) -> None:
        """Its count and its age are those of the lanes that a worker may look at."""
        backlog = self.stores.ask(lambda store: store.backlog(HOME, now=self.now))
        due = self.due()
        assert (backlog.due, backlog.oldest) == (len(due), min(due, default=None))
        views = [view for view in self.seen.views.values() if view]
        assert (backlog.lanes, backlog.dead) == (sum(bool(view.due) for view in views), len(self.seen.dead))
        held = self.brake.held_until > self.now
        assert backlog.held_until == (self.brake.held_until if held else None)
        assert (backlog.paused, backlog.probing) == (self.brake.paused, self.brake.ajar and not held)

    def the_open_ones_are_listed(self) -> None:
        """Open interactions are in the activity index, and no others."""
        rows = [account.interaction for account in self.accounts.values()]
        assert self.seen.listed == {row.external_id: row for row in rows if row.state is State.OPEN}
        activity = {name: account.activity for name, account in self.accounts.items()}
        assert self.seen.active == {name: at for name, at in activity.items() if at is not None}


def explore(open_stores: Callable[[], Sequence[Store]], examples: int) -> None:
    """Run the machine on fresh stores, so many times."""
    profile = settings(settings.get_profile("interleavings"), max_examples=examples)
    run_state_machine_as_test(lambda: Interleavings(open_stores()), settings=profile)


def test_the_memory_store_keeps_its_promises() -> None:
    """Nothing that senders, workers and accidents do in any order breaks a promise."""
    explore(lambda: [MemoryStore(LIMITS)], examples=60)


def test_redis_keeps_the_same_promises_and_says_the_same(redis_url: str) -> None:
    """The Lua verbs break no promise either, and give the answers of their twin, call for call."""

    def both() -> Sequence[Store]:
        real = RedisStore.open(redis_url, LIMITS, timeout_s=5)
        asyncio.run(_emptied(redis_url))
        return [real, MemoryStore(LIMITS)]

    explore(both, examples=30)


async def _emptied(url: str) -> None:
    store = RedisStore.open(url, LIMITS, timeout_s=5)
    await store._link.redis.flushall()
    await store.aclose()
