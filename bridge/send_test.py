"""`bridge events send-test`: one event to a subscription's address, at once, and what came of it."""

from typing import Final

from rich.text import Text

from bridge.screen import Screen
from bridge.session import session
from worker.drain.judge import said
from worker.operations import PostEvent
from worker.outcomes import Ok
from worker.wiring import new_id

#: What a test is called, so that no receiver takes it for something that happened.
TEST: Final = "bridge.test"


async def send_test(name: str, screen: Screen) -> bool:
    """Post a test event, tell the answer, and say whether it was taken. For entry points only.

    It stands in no lane and is not repeated. Raises SettingsError.
    """
    async with session() as bridge:
        event = PostEvent(f"evt_{new_id()}", TEST, bridge.clock(), {"subscription": name})
        outcome = await bridge.hook(name).send(event, trace_id=new_id())
    taken = isinstance(outcome, Ok)
    words = "took" if taken else "did not take"
    style = "green" if taken else "red"
    screen.out.print(Text(f"{name} {words} {event.id}: {said(outcome.evidence)}", style=style))
    screen.tell({"subscription": name, "event": event.id, "taken": taken, "answer": said(outcome.evidence)})
    return taken
