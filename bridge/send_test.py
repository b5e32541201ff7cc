"""`bridge events send-test`: one event to a subscription's address, at once, and what came of it."""

from rich.text import Text

from bridge.operator import operator
from bridge.screen import Screen
from bridge.session import session
from console.actions import Actions


async def send_test(name: str, screen: Screen) -> bool:
    """Post a test event, tell the answer, and say whether it was taken. For entry points only.

    It stands in no lane and is not repeated. Raises SettingsError.
    """
    async with session() as bridge:
        event, answer = await Actions(bridge).send_test(operator(), name)
    words = "took" if answer.fine else "did not take"
    style = "green" if answer.fine else "red"
    screen.out.print(Text(f"{name} {words} {event.id}: {answer.text}", style=style))
    screen.tell({"subscription": name, "event": event.id, "taken": answer.fine, "answer": answer.text})
    return answer.fine
