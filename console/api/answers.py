"""Answers: what a caller of the admin API is told."""

from collections.abc import Mapping
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field, JsonValue
from starlette.responses import Response

from connectors.hosts.commands.answers import LedgerView
from console.condition import Condition
from console.letters import Edit
from console.probe import Answer
from console.round import Happened
from console.runs import Run
from console.trial import Trial
from worker.commands import Command
from worker.deeds import Deed
from worker.frozen import Frozen
from worker.letters import LetterHead
from worker.sweeps import Sweep


class ServiceView(Frozen):
    """How a service stands."""

    service: str
    gate: str = Field(description="open, probing, held or paused.")
    because: str
    until: AwareDatetime | None
    due: int
    lanes: int
    late_s: float
    in_flight: int
    dead: int
    per_minute: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, found: Condition) -> "ServiceView":
        """Return it as a caller is told it."""
        return cls(
            service=found.service,
            gate=found.gate,
            because=found.because,
            until=found.until,
            due=found.due,
            lanes=found.lanes,
            late_s=found.late.total_seconds(),
            in_flight=found.in_flight,
            dead=found.dead,
            per_minute={
                what: {str(minutes): round(rate, 3) for minutes, rate in rates.items()}
                for what, rates in found.rates.items()
            },
        )


class ServiceList(Frozen):
    """Every service, and every subscription as `hook.NAME`."""

    services: tuple[ServiceView, ...]


class ChannelView(Frozen):
    """A configured channel."""

    channel: str
    connector: str
    service: str
    paused: str | None = Field(description="Why it is paused, null where it is open.")
    held: str | None = Field(description="Why what it brings is not delivered, null where it is.")


class ChannelList(Frozen):
    """Every channel."""

    channels: tuple[ChannelView, ...]


class TrialView(Frozen):
    """What a channel would make of a delivery; nothing was sent or kept."""

    proof: str = Field(description="How it was proved genuine.")
    commands: tuple[Command, ...]
    ignored: str | None = Field(description="Why nothing would come of it.")
    handshake: str | None = Field(description="What a question about the channel itself is answered.")

    @classmethod
    def of(cls, trial: Trial) -> "TrialView":
        """Return it as a caller is told it."""
        return cls(
            proof=trial.proof, commands=trial.commands, ignored=trial.ignored, handshake=trial.handshake
        )


class ConversationView(Frozen):
    """What is known of a conversation, without what its commands carry."""

    service: str
    external_id: str
    ledger: LedgerView


class Done(Frozen):
    """It is done."""

    done: bool = True
    #: What was the case before, where that is told.
    before: str = ""


class Retried(Frozen):
    """What backed off is due now."""

    lanes: int


class Called(Frozen):
    """What came of a call."""

    fine: bool
    text: str

    @classmethod
    def of(cls, answer: Answer) -> "Called":
        """Return it as a caller is told it."""
        return cls(fine=answer.fine, text=answer.text)


class Group(Frozen):
    """Dead letters of one cause and channel."""

    cause: str
    channel: str
    letters: int
    oldest: AwareDatetime
    newest: AwareDatetime


class LetterList(Frozen):
    """Dead letters without what they carry."""

    groups: tuple[Group, ...]
    letters: tuple[LetterHead, ...]


class Plan(Frozen):
    """What would be done."""

    groups: tuple[Group, ...]
    total: int
    gone: tuple[str, ...] = Field(description="Ids that name no dead letter.")


class LetterView(Frozen):
    """One dead letter with everything that it carries: reading it is recorded."""

    letter: Mapping[str, JsonValue]
    history: tuple[Mapping[str, JsonValue], ...]


class EditView(Frozen):
    """A command as it was and as it will be."""

    before: Command
    after: Command
    sequence: int = Field(description="The command as which it came back; 0 after a dry run.")

    @classmethod
    def of(cls, edit: Edit) -> "EditView":
        """Return it as a caller is told it."""
        return cls(before=edit.before, after=edit.after, sequence=edit.sequence)


class LetterFate(Frozen):
    """What became of one letter that was not done."""

    id: str
    fate: str
    text: str

    @classmethod
    def of(cls, happened: Happened) -> "LetterFate":
        """Return it as a caller is told it."""
        return cls(id=happened.letter.id, fate=happened.fate, text=happened.text)


class RunView(Frozen):
    """A replay or discard that was begun."""

    id: str
    action: str
    service: str
    by: str
    state: str = Field(description="running, done, cancelled or broken.")
    total: int
    done: int
    began_at: AwareDatetime
    ended_at: AwareDatetime | None
    error: str
    kept: tuple[LetterFate, ...] = Field(description="The first 100 that stay dead letters, and why.")

    @classmethod
    def of(cls, run: Run) -> "RunView":
        """Return it as a caller is told it."""
        happened = run.round.happened if run.round else []
        kept = [LetterFate.of(each) for each in happened if each.fate == "kept"]
        return cls(
            id=run.id,
            action=run.action,
            service=run.service,
            by=run.by.name,
            state=run.state,
            total=run.total,
            done=run.done,
            began_at=run.began_at,
            ended_at=run.ended_at,
            error=run.error,
            kept=tuple(kept[:100]),
        )


class RunList(Frozen):
    """The runs of this console, newest first."""

    runs: tuple[RunView, ...]


class SweepList(Frozen):
    """The last sweeps of a service, newest first."""

    paused: str = Field(description="Why they are paused, empty where they are not.")
    sweeps: tuple[Sweep, ...]


class DeedList(Frozen):
    """What people did, newest first."""

    deeds: tuple[Deed, ...]


def answer(content: BaseModel, status: int = 200, **headers: Any) -> Response:  # noqa: ANN401 - text or a number
    """Return an answer in JSON; a header's name is written with underscores."""
    written = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return Response(content.model_dump_json(), status, written, "application/json")
