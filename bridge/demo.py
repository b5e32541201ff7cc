"""`bridge demo`: a bridge aside, real-looking input through its doors, and a look at what became of it."""

import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import httpx
from rich.table import Table
from rich.text import Text

from bridge.delivery import Letters, Step
from bridge.home import Home
from bridge.places import Places
from bridge.screen import Screen
from bridge.session import wired
from bridge.stack import Stack, Wishes
from bridge.up import Running, claimed
from worker.errors import BridgeError
from worker.interactions import State
from worker.lanes import LaneView
from worker.telemetry import logs
from worker.wiring import Bridge, read_configuration

_SERVICE: Final = "support"
#: How long the workers may take.
_PATIENCE_S: Final = 30.0
_LOG_LINES: Final = 20

#: What is sent, in this order, and what each door must answer.
STEPS: Final = (
    Step("webhooks/01_ticket_opened.json", "202 accepted"),
    Step("webhooks/02_ticket_changed.json", "202 accepted"),
    Step("webhooks/03_ticket_opened_again.json", "200 duplicate"),
    Step("webhooks/04_unsigned.json", "401 Not verified", signed=False),
    Step("webhooks/05_not_json.json", "202 unreadable"),
    Step("webhooks/06_second_ticket.json", "202 accepted"),
    Step("webhooks/07_ticket_closed.json", "202 accepted"),
    Step("webhooks/08_ticket_viewed.json", "200 ignored"),
    Step("mails/01_new_conversation.eml", "250 Accepted"),
    Step("mails/02_reply_in_thread.eml", "250 Accepted"),
    Step("mails/03_same_mail_again.eml", "250 Accepted before"),
    Step("mails/04_html_only.eml", "250 Accepted"),
    Step("mails/05_unusual_charset.eml", "250 Accepted"),
    Step("mails/06_without_message_id.eml", "250 Accepted"),
    Step("mails/07_second_thread.eml", "250 Accepted"),
)
#: What must have become of it: channel, commands, state; and how many of each.
EXPECTED: Final = Counter(
    {
        ("tickets", "create, update, stop", State.ENDED): 1,
        ("tickets", "create", State.OPEN): 1,
        ("mail", "create, update", State.OPEN): 1,
        ("mail", "create", State.OPEN): 4,
    }
)


class DemoFailed(BridgeError):
    """Something did not turn out as it should."""


def demo(screen: Screen) -> bool:
    """Run it all; return whether everything turned out as it should. For entry points only."""
    for name in [name for name in os.environ if name.startswith("BRIDGE_")]:
        del os.environ[name]  # the demonstration is the same whatever is configured here
    with tempfile.TemporaryDirectory(prefix="bridge-demo-") as directory:
        log = Path(directory) / "log"
        home = Home.at(Path(directory) / "data")
        wishes = Wishes(
            config=home.default_settings(), data=home.directory, http=0, smtp=0, console=0, sandbox=0
        )
        try:
            with claimed(wishes) as (stack, lock):
                asyncio.run(_show(stack, Running(stack, lock, screen, log=log), screen))
        except (BridgeError, httpx.HTTPError, OSError) as error:
            screen.say(str(error), style="bold red")
            screen.tell({"ok": False, "reason": str(error)})
            for line in log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if log.exists() else ():
                screen.log("log", line)
            return False
    return True


async def _show(stack: Stack, running: Running, screen: Screen) -> None:
    began = time.monotonic()
    screen.out.print("[bold]Starting[/] Redis, sandbox, intake, worker and beat …")
    async with running as places:
        screen.out.print(f"[green]ready[/] after {time.monotonic() - began:.1f} s\n\n[bold]Sending[/]")
        letters = Letters(places, stack.secrets.value(stack.settings.channels["tickets"].secrets[0]))
        await _send(letters, screen)
        os.environ.update(stack.environment)
        views = await _settled(letters)
        screen.out.print("\n[bold]What became of it[/]")
        screen.out.print(_table(views))
        _judge(views)
        creates = await _creates(places)
        took_s = time.monotonic() - began
        screen.out.print(
            f"\n[green]As it should be:[/] {len(STEPS)} deliveries, {len(views)} conversations, and "
            f"{creates} creates at the API, one for each. {took_s:.1f} s"
        )
        counts = {"deliveries": len(STEPS), "conversations": len(views), "creates": creates}
        screen.tell({"ok": True, **counts, "seconds": round(took_s, 1)})


async def _send(letters: Letters, screen: Screen) -> None:
    wrong = []
    for step in STEPS:
        answer = await letters.deliver(step)
        right = answer == step.answer
        if not right:
            wrong.append(f"{step.name} was answered {answer!r} instead of {step.answer!r}")
        mark = Text("ok" if right else "WRONG", style="green" if right else "bold red")
        screen.out.print(Text(f"  {step.name:<36} {answer:<22}"), mark)
    if wrong:
        raise DemoFailed("; ".join(wrong))


async def _settled(letters: Letters) -> list[LaneView]:
    """Return every conversation once nothing waits any more."""
    settings, secrets = read_configuration()
    logs.configure("auto", "error")
    async with wired(settings, secrets) as bridge:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            views = await _views(bridge, letters)
            if sum(EXPECTED.values()) <= len(views) and not any(view.pending for view in views):
                return views
            if time.monotonic() > deadline:
                raise DemoFailed(f"the workers were not done after {_PATIENCE_S:g} s")
            await asyncio.sleep(0.1)


async def _views(bridge: Bridge, letters: Letters) -> list[LaneView]:
    """Return what is known of every conversation: those the receipts named, and those that are open."""
    known = await bridge.store.interactions(_SERVICE, limit=100)
    names = dict.fromkeys([*letters.receipted, *sorted(row.external_id for row in known)])
    found = [await bridge.store.view(_SERVICE, name) for name in names]
    return [view for view in found if view is not None]


def _commands(view: LaneView) -> str:
    kinds = [str(entry.detail.get("kind", "?")) for entry in view.history if entry.event == "received"]
    return ", ".join(kinds)


def _table(views: Sequence[LaneView]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("external id", "interaction id", "state", "commands", "channel"):
        table.add_column(name, no_wrap=name != "commands")
    for view in views:
        row = view.interaction
        state = Text(row.state, style="green" if row.state is State.OPEN else "yellow")
        table.add_row(row.external_id, row.interaction_id or "", state, _commands(view), row.channel or "")
    return table


def _judge(views: Sequence[LaneView]) -> None:
    found = Counter((view.interaction.channel, _commands(view), view.interaction.state) for view in views)
    if found != EXPECTED:
        raise DemoFailed(f"expected {dict(EXPECTED)}, found {dict(found)}")


async def _creates(places: Places) -> int:
    """Ask the API's stand-in how many interactions it was made to create. Raises DemoFailed for a double."""
    async with httpx.AsyncClient() as client:
        audit = (await client.get(f"{places.sandbox}/sandbox/audit")).json()
    created = Counter(
        call["externalId"] for call in audit if call["operation"] == "create" and call["effect"]
    )
    doubles = [name for name, times in created.items() if times > 1]
    if doubles or len(created) != sum(EXPECTED.values()):
        raise DemoFailed(f"the API was made to create {dict(created)}")
    return len(created)
