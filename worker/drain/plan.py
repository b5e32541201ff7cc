"""Plan: which call a command needs, given what the ledger knows. Pure.

Every create carries two marks in its user data (the fingerprint and the idempotency key), so that "is this
one ours?" is answered by comparison and not by hope.
"""

from worker.commands import Command, Create, Notify, OnEnded, Stop, Update, UserData
from worker.interactions import EndedBy, Interaction, State
from worker.operations import (
    ByExternalId,
    CreateInteraction,
    GetInteraction,
    PostEvent,
    Purpose,
    Step,
    StopInteraction,
    UpdateInteraction,
)
from worker.outcomes import Snapshot
from worker.verdicts import Applied, Bury


def plan(interaction: Interaction, command: Command, *, suspect: bool, mark: str) -> Step | Applied | Bury:
    """Return the first step of a command, or its verdict where no call is needed.

    Args:
        interaction: The ledger row, generation and state included.
        command: The head of the lane.
        suspect: Whether an earlier try may have taken effect, so that a create must read before it writes.
        mark: What our user data keys begin with; empty sends none.
    """
    match command:
        case Create():
            return _plan_create(interaction, command, suspect=suspect, mark=mark)
        case Update():
            return _plan_update(interaction, command, suspect=suspect, mark=mark)
        case Stop():
            return _plan_stop(interaction, command)
        case Notify():
            return _plan_notify(interaction, command)


def create_step(target: Interaction, command: Create | Update, *, mark: str) -> Step:
    """Return the call that creates `target` from a command."""
    user_data = command.user_data if isinstance(command, Create) else command.surviving
    given = command.parent_interaction_id if isinstance(command, Create) else None
    operation = CreateInteraction(
        external_id=target.remote_id,
        user_data={**user_data, **marks(command, mark)},
        received_at=command.received_at,
        parent_interaction_id=given or target.parent_interaction_id,
    )
    return Step(operation, Purpose.APPLY, target)


def look_step(target: Interaction, purpose: Purpose) -> Step:
    """Return the call that reads what bears the external id of `target`."""
    return Step(GetInteraction(ByExternalId(target.remote_id)), purpose, target)


def follow_up_step(ended: Interaction, command: Create | Update, *, mark: str) -> Step:
    """Return the call that opens the generation after `ended`."""
    return create_step(ended.follow_up(), command, mark=mark)


def looking_first(create: Step, *, suspect: bool) -> Step:
    """Return a create, or the look that must come before it when an earlier one may have taken effect."""
    return look_step(create.target, Purpose.AFTER_UNKNOWN) if suspect else create


def overwrite_step(target: Interaction, command: Create | Update) -> Step:
    """Return the call that applies a command to an interaction that is not ours."""
    reference = ByExternalId(target.remote_id)
    if isinstance(command, Create):
        operation = UpdateInteraction(reference, changed=command.user_data)
    else:
        operation = UpdateInteraction(reference, command.changed, command.added, command.deleted)
    return Step(operation, Purpose.OVERWRITE, target)


def marks(command: Command, mark: str) -> UserData:
    """Return what a create carries so that it can be told from a stranger's."""
    if not mark:
        return {}
    return {f"{mark}fingerprint": command.fingerprint, f"{mark}key": command.idempotency_key}


def is_ours(snapshot: Snapshot | None, command: Command, *, mark: str) -> bool:
    """Say whether the interaction was created by this very command."""
    if snapshot is None or not mark:
        return False
    wanted = marks(command, mark)
    return all(snapshot.user_data.get(name) == value for name, value in wanted.items())


def _plan_create(interaction: Interaction, command: Create, *, suspect: bool, mark: str) -> Step:
    if interaction.state is State.ENDED:
        return looking_first(follow_up_step(interaction, command, mark=mark), suspect=suspect)
    return looking_first(create_step(interaction, command, mark=mark), suspect=suspect)


def _plan_update(
    interaction: Interaction, command: Update, *, suspect: bool, mark: str
) -> Step | Applied | Bury:
    if interaction.state is not State.ENDED:
        operation = UpdateInteraction(
            ByExternalId(interaction.remote_id), command.changed, command.added, command.deleted
        )
        return Step(operation, Purpose.APPLY, interaction)
    # a sweep's stop is nobody's word that the conversation was over: whatever comes after it is news
    said_over = interaction.ended_by is not EndedBy.SWEEP
    if said_over and interaction.ended_at and command.received_at < interaction.ended_at:
        return Applied(interaction, "superseded by the stop")
    return ended_verdict(interaction, command, suspect=suspect, mark=mark)


def ended_verdict(ended: Interaction, command: Update, *, suspect: bool, mark: str) -> Step | Applied | Bury:
    """Return what an update means for an interaction that has ended, by the command's `on_ended`."""
    match command.on_ended:
        case OnEnded.FOLLOW_UP:
            return looking_first(follow_up_step(ended, command, mark=mark), suspect=suspect)
        case OnEnded.DROP:
            return Applied(ended, "dropped: the interaction has ended")
        case OnEnded.BURY:
            return Bury("ended", "the interaction has ended, and the channel wants a person to decide")


def _plan_stop(interaction: Interaction, command: Stop) -> Step | Applied:
    if interaction.state is State.ENDED:
        return Applied(interaction, "already ended")
    if command.guard:
        return look_step(interaction, Purpose.BEFORE_STOP)
    return stop_step(interaction, command)


def stop_step(interaction: Interaction, command: Stop) -> Step:
    """Return the call that ends an interaction."""
    operation = StopInteraction(
        ByExternalId(interaction.remote_id), command.reason_system_name, command.reason_description
    )
    return Step(operation, Purpose.APPLY, interaction)


def _plan_notify(interaction: Interaction, command: Notify) -> Step:
    """Whether an earlier try was heard is the receiver's to tell, by the event's id."""
    notice = command.notice
    return Step(PostEvent(notice.id, notice.kind.value, notice.at, notice.told), Purpose.APPLY, interaction)
