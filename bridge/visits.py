"""Visits: somebody is logged out of the console, in every browser."""

from rich.text import Text

from bridge.operator import operator
from bridge.screen import Screen
from bridge.session import session
from console.actions import Actions


async def end(name: str, screen: Screen, *, reason: str) -> None:
    """End every visit of a person. For entry points only. Raises BridgeError."""
    async with session() as bridge:
        await Actions(bridge).end_visits(operator(), name, reason=reason)
    screen.out.print(Text(f"whoever was logged in as {name} is so no longer"))
    screen.tell({"person": name, "because": reason})
