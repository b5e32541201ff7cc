"""The gates of the services, worked by hand: pause, resume, and no more waiting for what backs off."""

from rich.text import Text

from bridge.moments import Clock
from bridge.operator import operator
from bridge.screen import Screen
from bridge.session import session
from console.actions import Actions
from console.condition import Condition, Gate, look
from console.shell import command


async def pause(service: str, screen: Screen, *, reason: str) -> None:
    """Let nothing more be sent to a service. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        await Actions(bridge).pause_service(operator(), service, reason=reason)
    screen.out.print(
        Text(
            f"{service} is paused: calls under way end, no others begin, and what arrives is kept. "
            f"{command('resume', service)} lets it go on"
        )
    )
    screen.tell({"service": service, "gate": Gate.PAUSED, "because": reason})


async def resume(service: str, screen: Screen, clock: Clock) -> None:
    """Lift a pause and a hold, and wake the workers. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        before, rung = await Actions(bridge).resume_service(operator(), service)
    screen.out.print(Text(f"{service} is open; it was {before.standing(clock)}; lanes due: {before.due}"))
    was = {"gate": before.gate, "because": before.because, "due": before.due}
    screen.tell({"service": service, "gate": Gate.OPEN, "was": was, "rung": rung})
    _tell_rings(screen, rung=rung)


async def retry_now(service: str, screen: Screen, clock: Clock, *, external_id: str = "") -> None:
    """Make what backs off due at once, and wake the workers. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        hastened, rung = await Actions(bridge).retry_now(operator(), service, external_id=external_id)
        now = await look(bridge, service)
    lanes = "1 lane is" if hastened == 1 else f"{hastened} lanes are"
    what = f"{lanes} due now" if hastened else "nothing backs off"
    screen.out.print(Text(f"{service}: {what}"))
    screen.tell({"service": service, "hastened": hastened, "gate": now.gate, "rung": rung})
    _tell_gate(now, screen, clock)
    _tell_rings(screen, rung=rung)


def _tell_gate(now: Condition, screen: Screen, clock: Clock) -> None:
    if now.gate in (Gate.PAUSED, Gate.HELD):
        lift = command("resume", now.service)
        screen.out.print(
            Text(f"it is {now.standing(clock)}: nothing is sent before that ends; {lift} lifts it")
        )


def _tell_rings(screen: Screen, *, rung: bool) -> None:
    if not rung:
        screen.say("the broker took no ring, so the next tick wakes the workers", style="yellow")
