"""Everything one sandbox holds. `perform` and `finish` are the only ways to change an interaction."""

import random
import string
import uuid
from dataclasses import replace

from sandbox.answer import Answer, refusal, success
from sandbox.audit import Audit, Entry
from sandbox.call import Call
from sandbox.decision import Decision, Facts, decide
from sandbox.document import Document
from sandbox.fault import NO_FAULT, Fault, Faults
from sandbox.interaction import Interaction
from sandbox.journal import Journal
from sandbox.moment import Clock, to_fine_text
from sandbox.refusal import RefusedError
from sandbox.replacement import UNANSWERED, replaced
from sandbox.settings import Settings
from sandbox.state import State

_SHORT = string.digits + string.ascii_uppercase
_SHORT_LENGTH = 16


class World:
    """State, behaviour, faults, audit, journal and clock of one sandbox."""

    def __init__(self, settings: Settings, clock: Clock, dice: random.Random) -> None:
        self.services = settings.services
        self.behaviour = settings.behaviour
        self.clock = clock
        self.state = State(settings.ended_limit)
        self.faults = Faults(dice.random)
        self.faults.rules = settings.faults
        self.faults.play(settings.script)
        self.audit = Audit(settings.audit_limit)
        self._dice = dice
        self._journal = Journal(settings.data) if settings.data else None
        for interaction in self._journal.replay() if self._journal else ():
            self.state.put(interaction)

    def perform(
        self, call: Call, key: str | None, document: Document, fault: Fault = NO_FAULT
    ) -> Answer | None:
        """Judge a call, let it take effect, record it; None if a fault leaves nothing to say."""
        facts = self._facts(call)
        trace = f"{self.audit.last_seq + 1:032x}"
        if fault.kind == "agent_finishes":
            self._finish_addressed(call, document)
        decision = decide(call, key, document, facts) if fault.commits else None
        natural = self._settle(decision, trace) if decision else None
        answer = replaced(fault, natural, self.behaviour, facts.now, trace)
        self.audit.add(
            Entry(
                at=facts.now,
                call=call,
                document=document,
                interaction_id=_concerned(call, decision),
                status=answer.status if answer else None,
                effect=decision is not None and decision.becomes is not None,
                answered=fault.kind not in UNANSWERED,
                fault=None if fault.kind == "none" else fault.kind,
            )
        )
        return replace(answer, headers=(*answer.headers, ("x-b3-traceid", trace))) if answer else None

    def finish(self, interaction_id: str) -> Interaction | None:
        """Let an agent finish an interaction; None if there is no such live one."""
        found = self.state.by_id(interaction_id)
        if found is None or not found.live:
            return None
        ended = found.ended(to_fine_text(self.clock()), "agent")
        self._put(ended)
        return ended

    def close(self) -> None:
        """Let go of the journal."""
        if self._journal:
            self._journal.close()

    def _facts(self, call: Call) -> Facts:
        return Facts(
            state=self.state,
            services=self.services,
            behaviour=self.behaviour,
            now=self.clock(),
            fresh_id=self._fresh_id() if call.operation == "create" else "",
        )

    def _fresh_id(self) -> str:
        while True:  # the same seed gives the same ids again after a restart: skip those in use
            drawn = self._draw_id()
            if drawn not in self.state:
                return drawn

    def _draw_id(self) -> str:
        if self.behaviour.id_style == "uuid":
            return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))
        return "".join(self._dice.choices(_SHORT, k=_SHORT_LENGTH))

    def _settle(self, decision: Decision, trace: str) -> Answer:
        if decision.becomes is not None:
            self._put(decision.becomes)
        if isinstance(decision.result, RefusedError):
            return refusal(decision.result, self.behaviour, trace)
        return success(decision.result, self.behaviour, trace)

    def _put(self, interaction: Interaction) -> None:
        if self._journal:
            self._journal.append(interaction)
        self.state.put(interaction)

    def _finish_addressed(self, call: Call, document: Document) -> None:
        """Finish what a call is for; of a create, what bears its external id already."""
        external_id = call.external_id or document.external_id
        if call.interaction_id is not None:
            self.finish(call.interaction_id)
        elif external_id is not None:
            found = self.state.by_external_id(call.service, external_id)
            self.finish(found.id if found else "")


def _concerned(call: Call, decision: Decision | None) -> str | None:
    if decision is not None and isinstance(decision.result, Interaction):
        return decision.result.id
    return call.interaction_id
