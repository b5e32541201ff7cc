"""Sweeps at the command line: what would be stopped, what was, and no more of it."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from bridge.moments import Clock
from bridge.operator import operator
from bridge.progress import Advance, progress
from bridge.screen import Screen
from bridge.session import session
from bridge.sheet import columns, plain
from console.actions import Actions
from console.shell import command
from worker.errors import SettingsError
from worker.events import CommandAccepted, CommandRepeated, Event
from worker.observing import told
from worker.ports import Listener
from worker.sweeps import Result, Sweep
from worker.wiring import Bridge


async def look(service: str, screen: Screen) -> list[Sweep]:
    """Return what sweeps would do now, of one service or of all that are swept; nothing is written.

    For entry points only. Raises BridgeError.
    """
    async with session(service) as bridge:
        actions, services = Actions(bridge), _swept(bridge, service)
        with progress(screen, "looking", len(services)) as advance:
            found = []
            for each in services:
                found.append(await actions.plan_sweep(each))
                advance(1)
        return found


async def run(service: str, screen: Screen, *, cap: int | None) -> Sweep:
    """Sweep a service. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        with progress(screen, "commands ordered") as advance:
            bridge.listen = told((bridge.listen, _counting(advance)))
            return await Actions(bridge).sweep(operator(), service, cap=cap)


def _counting(advance: Advance) -> Listener:
    """Return what notes every command that a sweep orders."""

    def listen(event: Event) -> None:
        if isinstance(event, CommandAccepted | CommandRepeated):
            advance(1)

    return listen


async def history(service: str, *, limit: int) -> tuple[list[Sweep], dict[str, str]]:
    """Return the last sweeps, newest first, and which services' sweeps are paused, with the reason.

    For entry points only. Raises BridgeError.
    """
    async with session(service) as bridge:
        services = _swept(bridge, service)
        found = [each for name in services for each in await bridge.store.sweeps(name, limit=limit)]
        reasons = {name: await bridge.store.sweeps_paused(name) for name in services}
    newest = sorted(found, key=lambda sweep: sweep.at, reverse=True)[:limit]
    return newest, {name: reason for name, reason in reasons.items() if reason}


async def pause(service: str, screen: Screen, *, reason: str) -> None:
    """Let no sweep of a service act. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        await Actions(bridge).pause_sweeps(operator(), service, reason=reason)
    screen.out.print(
        Text(
            f"sweeps of {service} are paused: nothing more is stopped by them, not even what waits to be. "
            f"{command('sweep', 'resume', service)} lets them go on"
        )
    )
    screen.tell({"service": service, "paused": True, "because": reason})


async def resume(service: str, screen: Screen) -> None:
    """Let the sweeps of a service act again. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        before = await Actions(bridge).resume_sweeps(operator(), service)
    was = f"they were paused because: {before}" if before else "they were not paused"
    screen.out.print(Text(plain(f"sweeps of {service} go on; {was}")))
    screen.tell({"service": service, "paused": False, "was": before or None})


def _swept(bridge: Bridge, service: str) -> list[str]:
    """Return the services that are meant. Raises SettingsError when none is swept."""
    if service:
        return [service]
    found = [name for name, each in bridge.settings.services.items() if each.sweep]
    if not found:
        raise SettingsError(
            "no service is swept: say in services.NAME.sweep what is stale (idle_s), and so on"
        )
    return found


def print_look(sweeps: Sequence[Sweep], screen: Screen, clock: Clock) -> None:
    """Print what would be done, one by one, and why the others are left alone."""
    for sweep in sweeps:
        screen.out.print(Text(plain(_headline(sweep))))
        _print_named(sweep, screen, clock)
        _print_left(sweep, screen)


def _headline(sweep: Sweep) -> str:
    if sweep.result is Result.REFUSED:
        return f"{sweep.service}: nothing would be stopped: {sweep.reason}"
    warned = len(sweep.named) - sweep.stale
    return (
        f"{sweep.service}: {sweep.stale} of {sweep.open} open interactions would be stopped, {warned} warned"
    )


def _print_named(sweep: Sweep, screen: Screen, clock: Clock) -> None:
    if not sweep.named:
        return
    table = columns("external id", "idle since", "what", "why", fixed=("idle since", "what"))
    for each in sweep.named:
        table.add_row(Text(plain(each.external_id)), clock(each.idle_since), each.what, Text(each.why))
    screen.out.print(table)


def _print_left(sweep: Sweep, screen: Screen) -> None:
    left = Counter(sweep.left)
    # all that is idle for long enough is looked at, unless a sweep breaks off
    left["not looked at" if sweep.partial else "not idle for long enough"] += max(
        sweep.open - sweep.looked, 0
    )
    for reason, count in sorted((+left).items(), key=lambda item: (-item[1], item[0])):
        screen.out.print(Text(f"left alone: {count}, {reason}"))


def print_run(sweep: Sweep, screen: Screen) -> None:
    """Print what one sweep did."""
    if sweep.result is Result.REFUSED:
        screen.out.print(Text(plain(f"{sweep.service}: nothing was stopped: {sweep.reason}")))
        return
    screen.out.print(
        Text(
            f"{sweep.service}: sweep {sweep.id} asked for {sweep.stops} stops and {sweep.warnings} warnings; "
            f"asked for before: {sweep.repeated}, overtaken: {sweep.overtaken}"
        )
    )
    _print_left(sweep, screen)


def print_history(
    sweeps: Sequence[Sweep], paused: dict[str, str], screen: Screen, clock: Clock, *, each: bool
) -> None:
    """Print the last sweeps, with the interactions they chose where these are wanted."""
    for service, reason in paused.items():
        screen.out.print(Text(plain(f"sweeps of {service} are paused because: {reason}"), style="yellow"))
    if not sweeps:
        screen.out.print(Text("no sweep has found anything to do yet"))
        return
    if each:
        for sweep in sweeps:
            screen.out.print(Text(plain(f"{clock(sweep.at)} {sweep.service} {_came_to(sweep)} ({sweep.id})")))
            _print_named(sweep, screen, clock)
        return
    table = columns("when", "service", "by", "stops", "warnings", "overtaken", "came to", fixed=("when",))
    for sweep in sweeps:
        counts = (sweep.stops, sweep.warnings, sweep.overtaken)
        table.add_row(
            clock(sweep.at), sweep.service, sweep.by, *map(str, counts), Text(plain(_came_to(sweep)))
        )
    screen.out.print(table)


def _came_to(sweep: Sweep) -> str:
    return f"{sweep.result}: {sweep.reason}" if sweep.reason else str(sweep.result)


def as_json(sweeps: Sequence[Sweep]) -> str:
    """Return sweeps as one line of JSON."""
    told: list[dict[str, Any]] = [sweep.model_dump(mode="json") for sweep in sweeps]
    return json.dumps(told)
