"""The probe: one call to a service or a subscriber that changes nothing there, and what it says."""

from dataclasses import dataclass
from typing import Final

from worker.drain.judge import said
from worker.operations import ByExternalId, GetInteraction, PostEvent
from worker.outcomes import Failed, NotFound, Ok, Outcome, Overloaded, Unauthorized
from worker.wiring import Bridge, new_id

#: What a test event is called, so that no receiver takes it for something that happened.
TEST: Final = "bridge.test"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a probe."""

    #: Whether all is as it should be.
    fine: bool
    #: One sentence for a person.
    text: str
    #: Whether it may be so again in a moment without anybody's doing.
    passing: bool = False


async def call_service(bridge: Bridge, name: str) -> Answer:
    """Ask a service for an interaction that nobody has. Raises UnknownService or SecretMissing."""
    # nobody has an interaction of this id, so the answer says everything and touches nothing
    question = GetInteraction(ByExternalId(f"bridge-check-{new_id()}"))
    outcome = await bridge.api(name).send(question, trace_id=new_id())
    return judge(name, bridge.settings.services[name].base_url, outcome)


async def post_test(bridge: Bridge, name: str) -> tuple[PostEvent, Answer]:
    """Post a test event to a subscription: it stands in no lane and is not repeated. Raises SettingsError."""
    event = PostEvent(f"evt_{new_id()}", TEST, bridge.clock(), {"subscription": name})
    outcome = await bridge.hook(name).send(event, trace_id=new_id())
    return event, Answer(isinstance(outcome, Ok), said(outcome.evidence))


def judge(name: str, base_url: str, outcome: Outcome) -> Answer:
    """Return what an answer says of a service."""
    said = outcome.evidence.detail or f"status {outcome.evidence.status}"
    match outcome:
        case NotFound() | Ok():
            return Answer(fine=True, text=f"{base_url} answers and takes the key")
        case Unauthorized():
            return Answer(
                fine=False, text=f"{base_url} refuses the key ({said}); see services.{name}.api_key"
            )
        case Overloaded():
            text = f"{base_url} answers that it is overloaded ({said}); check again later"
            return Answer(fine=False, text=text, passing=True)
        case Failed(reached=False):
            return Answer(fine=False, text=f"{base_url} cannot be reached ({said}); is base_url right?")
        case _:
            return Answer(fine=False, text=f"{base_url} does not answer as the Open Media API does ({said})")
