"""Actions: everything a person can do, once, for the console, the admin API and the command line.

Each takes who does it, and refuses whoever's role does not reach for it; each is written to the audit log
before it is done. What only looks is recorded where it shows personal data (`reveal`).
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Final

from console import probe
from console.choice import Chosen, choose, require_choice
from console.condition import Condition, look
from console.letters import Edit, LetterWork
from console.people import Person, Role
from console.probe import Answer
from console.reason import require_reason
from console.recorder import Record, Recorder
from console.round import Advance, Happened, Proceed, Round
from console.runs import Run, Runs
from console.stops import Stops, stops_of
from worker.deadletters import Filter
from worker.drain import holds
from worker.errors import BridgeError, UnknownService
from worker.lanes import Partition
from worker.letters import LetterHead
from worker.operations import PostEvent
from worker.settings import client_channel, hook_service
from worker.sweeps import Sweep
from worker.wiring import Bridge, new_id

#: The least role that each action takes.
ROLES: Final[Mapping[str, Role]] = {
    "pause-service": Role.OPERATOR,
    "resume-service": Role.OPERATOR,
    "retry-now": Role.OPERATOR,
    "pause-channel": Role.OPERATOR,
    "resume-channel": Role.OPERATOR,
    "replay": Role.OPERATOR,
    "edit": Role.OPERATOR,
    "discard": Role.OPERATOR,
    "cancel-run": Role.OPERATOR,
    "sweep": Role.OPERATOR,
    "pause-sweeps": Role.OPERATOR,
    "resume-sweeps": Role.OPERATOR,
    "test-call": Role.OPERATOR,
    "send-test": Role.OPERATOR,
    "reveal": Role.OPERATOR,
    "end-visits": Role.ADMIN,
}
#: Letters brought back a second where nobody says how many: gentle with a service that just came back.
REPLAY_RATE: Final = 20.0
#: Letters given up a second: fast, and still leaves the store to the workers.
DISCARD_RATE: Final = 500.0
#: After how long every worker knows that a channel was let go.
HEARD_AFTER_S: Final = 2 * holds.LOOK_EVERY_S
#: How long it is remembered that somebody's visits are over: no log-in lasts longer.
_VISITS_AT_MOST: Final = timedelta(days=31)
#: Letters that are named in the audit log, of those that one act is about.
_NAMED: Final = 20


class UnknownChannel(BridgeError):
    """No such channel is configured."""


class NobodyNamed(BridgeError):
    """It was not said whose visits are meant."""


class Actions:
    """What people can do with one bridge. Every method may raise StoreUnavailable."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        #: Replays and discards that were begun here.
        self.runs = Runs(clock=bridge.clock, ids=new_id)
        self.recorder = Recorder(
            bridge.store,
            bridge.clock,
            new_id,
            retention=timedelta(seconds=bridge.settings.retention.deeds_s),
        )
        self._letters = LetterWork(bridge)

    # Services

    async def pause_service(self, person: Person, service: str, *, reason: str) -> None:
        """Let nothing more be sent to a service. Raises NotAllowed, NoReason or UnknownService."""
        async with self._doing(person, "pause-service", service, detail=reason):
            self.require_service(service)
            await self.bridge.store.pause(service, reason=require_reason(reason, what="it is paused"))

    async def resume_service(self, person: Person, service: str) -> tuple[Condition, bool]:
        """Lift a pause and a hold, and wake the workers; return how it stood, and whether all rings went out.

        Raises NotAllowed or UnknownService.
        """
        async with self._doing(person, "resume-service", service):
            self.require_service(service)
            before = await look(self.bridge, service)
            await self.bridge.store.resume(service)
            return before, await self.ring(service)

    async def retry_now(self, person: Person, service: str, *, external_id: str = "") -> tuple[int, bool]:
        """Make what backs off due at once, one conversation or all of a service, and wake the workers.

        Return how many lanes are due now, and whether all rings went out.
        Raises NotAllowed or UnknownService.
        """
        async with self._doing(person, "retry-now", service, detail=external_id):
            self.require_service(service)
            store = self.bridge.store
            hastened = await store.hasten(service, external_id=external_id, now=self.bridge.clock())
            return hastened, await self.ring(service)

    async def test_call(self, person: Person, service: str) -> Answer:
        """Make one call to a service that changes nothing there. Raises NotAllowed or UnknownService."""
        async with self._doing(person, "test-call", service) as record:
            answer = await probe.call_service(self.bridge, service)
            record.outcome = answer.text
            return answer

    async def send_test(self, person: Person, subscription: str) -> tuple[PostEvent, Answer]:
        """Post a test event to a subscription. Raises NotAllowed or SettingsError."""
        async with self._doing(person, "send-test", hook_service(subscription)) as record:
            event, answer = await probe.post_test(self.bridge, subscription)
            record.outcome = answer.text
            return event, answer

    # People

    async def end_visits(self, person: Person, name: str, *, reason: str) -> None:
        """Log somebody out of every browser, at every console. Raises NotAllowed, NoReason or NobodyNamed.

        The name is the one in the audit log; whoever still has a password or a provider logs in again.
        """
        async with self._doing(person, "end-visits", name, detail=reason):
            require_reason(reason, what="the visits are ended")
            if not name:
                raise NobodyNamed("say whose visits are to end: the name that the audit log has")
            await self.bridge.store.end_visits(name, at=self.bridge.clock(), remember=_VISITS_AT_MOST)

    # Channels

    async def pause_channel(self, person: Person, channel: str, *, reason: str, hold: bool = False) -> None:
        """Let nothing in by a channel, or `hold` what comes in, of a client of the command API as well.

        Raises NotAllowed, NoReason or UnknownChannel.
        """
        detail = f"held: {reason}" if hold else reason
        async with self._doing(person, "pause-channel", channel, detail=detail):
            reason = require_reason(reason, what="it is held" if hold else "it is paused")
            store, clients = self.bridge.store, map(client_channel, self.bridge.settings.clients)
            self.require_channel(channel, *(clients if hold else ()))
            await (store.hold_channel if hold else store.pause_channel)(channel, reason=reason)

    async def resume_channel(self, person: Person, channel: str) -> Stops:
        """Lift a channel's pause and its hold, which takes two seconds; return what there was of them.

        Raises NotAllowed or UnknownChannel.
        """
        async with self._doing(person, "resume-channel", channel):
            stops = await stops_of(self.bridge.store, channel)
            if stops == Stops():
                self.require_channel(channel)
            await self.bridge.store.resume_channel(channel)
            await self.bridge.store.release_channel(channel)
            if stops.held is not None:
                await self._wake(channel)
            return stops

    # Dead letters

    async def plan(self, service: str, wanted: Filter) -> Chosen:
        """Return the dead letters that fit, oldest first. Raises UnknownService or Ambiguous."""
        self.require_service(service)
        return await choose(self.bridge, service, wanted)

    async def foresee(self, letters: Sequence[LetterHead]) -> list[Happened]:
        """Say what a replay would make of unreadable deliveries; nothing is submitted."""
        return await self._letters.foresee(letters)

    async def replay(
        self,
        person: Person,
        service: str,
        letters: Sequence[LetterHead],
        *,
        proceed: Proceed,
        advance: Advance,
    ) -> Round:
        """Bring letters back one after the other, in this call. Raises NotAllowed or UnknownService."""
        async with self._doing(person, "replay", service, detail=_which(letters)) as record:
            self.require_service(service)
            done = await self._letters.replay(letters, proceed=proceed, advance=advance)
            record.outcome = done.summary
            return done

    async def discard(
        self,
        person: Person,
        service: str,
        letters: Sequence[LetterHead],
        *,
        reason: str,
        proceed: Proceed,
        advance: Advance,
    ) -> Round:
        """Give letters up one after the other, in this call. Raises NotAllowed, NoReason, UnknownService."""
        async with self._doing(person, "discard", service, detail=f"{reason} ({_which(letters)})") as record:
            self.require_service(service)
            reason = require_reason(reason, what="these are given up")
            done = await self._letters.discard(letters, reason=reason, proceed=proceed, advance=advance)
            record.outcome = done.summary
            return done

    async def start_replay(
        self,
        person: Person,
        service: str,
        wanted: Filter,
        *,
        everything: bool = False,
        rate: float = REPLAY_RATE,
    ) -> Run:
        """Begin to bring back what fits, and return at once: `run.done` of `run.total`, `cancel_run` ends it.

        Raises NotAllowed, UnknownService, Ambiguous or TooMuch (nothing narrows the choice down).
        """
        letters = await self._chosen(person, "replay", service, wanted, everything=everything)

        async def work(proceed: Proceed, advance: Advance) -> Round:
            return await self.replay(person, service, letters, proceed=proceed, advance=advance)

        return self.runs.start(
            work, by=person, action="replay", service=service, total=len(letters), rate=rate
        )

    async def start_discard(
        self, person: Person, service: str, wanted: Filter, *, reason: str, everything: bool = False
    ) -> Run:
        """Begin to give up what fits, and return at once.

        Raises NotAllowed, NoReason, UnknownService, Ambiguous or TooMuch (nothing narrows the choice down).
        """
        letters = await self._chosen(person, "discard", service, wanted, everything=everything)
        reason = require_reason(reason, what="these are given up")

        async def work(proceed: Proceed, advance: Advance) -> Round:
            return await self.discard(
                person, service, letters, reason=reason, proceed=proceed, advance=advance
            )

        return self.runs.start(
            work, by=person, action="discard", service=service, total=len(letters), rate=DISCARD_RATE
        )

    async def cancel_run(self, person: Person, run_id: str) -> Run:
        """Stop a run between two letters. Raises NotAllowed or NoSuchRun."""
        async with self._doing(person, "cancel-run", run_id):
            run = self.runs.find(run_id)
            run.cancel()
            return run

    async def edit(
        self,
        person: Person,
        service: str,
        letter_id: str,
        *,
        sets: Sequence[str] = (),
        unsets: Sequence[str] = (),
    ) -> Edit:
        """Mend a dead command and bring it back.

        `sets` are `path=json` as in `user_data.Subject="Hello"`, `unsets` are paths.
        Raises NotAllowed, UnknownService, NoSuchLetter, Ambiguous or NotAnEdit.
        """
        detail = ", ".join([*(each.partition("=")[0] for each in sets), *unsets])
        async with self._doing(person, "edit", f"{service}/{letter_id}", detail=detail) as record:
            self.require_service(service)
            edit = await self._letters.edit(service, letter_id, sets, unsets)
            record.outcome = f"replayed as command {edit.sequence} of {edit.after.external_id}"
            return edit

    async def foresee_edit(
        self, service: str, letter_id: str, *, sets: Sequence[str] = (), unsets: Sequence[str] = ()
    ) -> Edit:
        """Return what an edit would make of a dead command; raises as `edit` does."""
        self.require_service(service)
        return await self._letters.foresee_edit(service, letter_id, sets, unsets)

    # Sweeps

    async def plan_sweep(self, service: str) -> Sweep:
        """Return what a sweep would do now; nothing is written. Raises UnknownService or SettingsError."""
        self.require_service(service)
        return await self.bridge.sweeper.look(service)

    async def sweep(self, person: Person, service: str, *, cap: int | None = None) -> Sweep:
        """Stop what went stale, at most `cap` interactions.

        Raises NotAllowed, UnknownService or SettingsError.
        """
        detail = "" if cap is None else f"at most {cap}"
        async with self._doing(person, "sweep", service, detail=detail) as record:
            self.require_service(service)
            done = await self.bridge.sweeper.sweep(service, cap=cap)
            record.outcome = (
                f"{done.result}: {done.reason or f'{done.stops} stops, {done.warnings} warnings'}"
            )
            return done

    async def pause_sweeps(self, person: Person, service: str, *, reason: str) -> None:
        """Let no sweep of a service act. Raises NotAllowed, NoReason or UnknownService."""
        async with self._doing(person, "pause-sweeps", service, detail=reason):
            self.require_service(service)
            reason = require_reason(reason, what="its sweeps are paused")
            await self.bridge.store.pause_sweeps(service, reason=reason)

    async def resume_sweeps(self, person: Person, service: str) -> str:
        """Let the sweeps of a service act again; return why they were paused, empty when they were not.

        Raises NotAllowed or UnknownService.
        """
        async with self._doing(person, "resume-sweeps", service):
            self.require_service(service)
            before = await self.bridge.store.sweeps_paused(service)
            await self.bridge.store.resume_sweeps(service)
            return before

    # Looks

    async def reveal(self, person: Person, target: str) -> None:
        """Record that somebody is about to see personal data unmasked. Raises NotAllowed."""
        async with self._doing(person, "reveal", target):
            pass

    def require_service(self, service: str) -> None:
        """Raise UnknownService unless the service is configured."""
        if service not in self.bridge.partitions:
            known = ", ".join(sorted(self.bridge.partitions)) or "none"
            raise UnknownService(f"no service {service!r} is configured; there is: {known}")

    def require_channel(self, channel: str, *more: str) -> None:
        """Raise UnknownChannel unless the channel is configured, or one of some more."""
        channels = {*self.bridge.settings.channels, *more}
        if channel not in channels:
            known = ", ".join(sorted(channels)) or "none"
            raise UnknownChannel(f"no channel {channel!r} is configured; there is: {known}")

    async def ring(self, service: str) -> bool:
        """Ring every partition of a service; return whether all rings could be sent."""
        partitions = [Partition(service, index) for index in range(self.bridge.partitions[service])]
        return all(await asyncio.gather(*(self.bridge.doorbell.ring(each) for each in partitions)))

    async def _wake(self, channel: str) -> None:
        """Make due what waited for a channel: whatever waits in its service, as `retry_now` does."""
        # Until then a worker may not have heard of it, and would leave the lane alone for another while.
        await asyncio.sleep(HEARD_AFTER_S)
        settings = self.bridge.settings.channels.get(channel)
        for service in (settings.service,) if settings else self.bridge.settings.services:
            await self.bridge.store.hasten(service, now=self.bridge.clock())
            await self.ring(service)

    async def aclose(self) -> None:
        """Stop what was begun here between two letters."""
        await self.runs.aclose()

    async def _chosen(
        self, person: Person, action: str, service: str, wanted: Filter, *, everything: bool
    ) -> tuple[LetterHead, ...]:
        """Return what a run will do; whoever may not is told so, and recorded, before it begins."""
        await self.recorder.refuse(person, action, service, role=ROLES[action])
        require_choice(wanted, everything=everything, verb=action)
        return (await self.plan(service, wanted)).letters

    def _doing(
        self, person: Person, action: str, target: str, *, detail: str = ""
    ) -> AbstractAsyncContextManager[Record]:
        return self.recorder.doing(person, action, target, role=ROLES[action], detail=detail)


def _which(letters: Sequence[LetterHead]) -> str:
    """Return how many letters are meant, by cause, and the first of them by id."""
    causes = ", ".join(f"{count} {cause}" for cause, count in Counter(each.cause for each in letters).items())
    first = ", ".join(each.id for each in letters[:_NAMED])
    more = f" and {len(letters) - _NAMED} more" if len(letters) > _NAMED else ""
    return f"{causes or 'none'}: {first}{more}"
