"""Channels: how each stands, what came by it lately and how that was answered, and a trial."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from connectors.registry import kind
from console.pages.board import WAITING_AT_MOST
from console.pages.page import actions_of, missing, person_of, refused, render, said
from console.pages.spans import Counts, counts, stretch_named
from console.request_file import header
from console.stops import Stops, stops_in, stops_of
from console.trial import Trial, try_content
from worker.arrivals import ARRIVALS_CAP, Arrival
from worker.commands import Command
from worker.errors import BridgeError, SettingsError
from worker.pace import Pace
from worker.settings import ChannelSettings
from worker.wiring import Bridge

_COMMANDS: Final = TypeAdapter(tuple[Command, ...])
#: How each answer is coloured; the word says the same.
TONES: Final = {
    "accepted": "good",
    "duplicate": "idle",
    "ignored": "idle",
    "greeted": "idle",
    "refused": "bad",
    "unreadable": "bad",
    "conflict": "bad",
    "unavailable": "warn",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One channel in the list of them."""

    name: str
    settings: ChannelSettings
    stops: Stops
    proof: str
    counts: Counts
    #: What its doors counted, by answer.
    tallies: Mapping[str, int]
    last: Arrival | None


async def page(request: Request) -> Response:
    """Show every channel."""
    return render(request, "channels.html", title="Channels", lines=await _lines(request), tones=TONES)


async def live(request: Request) -> Response:
    """Show the same again, for the page that is open."""
    return render(request, "_channels.html", lines=await _lines(request), tones=TONES)


async def _lines(request: Request) -> list[Line]:
    bridge = actions_of(request).bridge
    paused, held = await bridge.store.paused_channels(), await bridge.store.held_channels()
    return [await _line(bridge, name, stops_in(paused, held, name)) for name in bridge.settings.channels]


async def _line(bridge: Bridge, name: str, stops: Stops) -> Line:
    settings = bridge.settings.channels[name]
    paces = await bridge.store.paces(settings.service)
    tallies = await bridge.store.tallies(settings.service)
    arrivals = await bridge.store.arrivals(name, limit=1)
    return Line(
        name=name,
        settings=settings,
        stops=stops,
        proof=proof(settings),
        counts=counts(paces.get(name, Pace()), stretch_named("24h"), bridge.clock()),
        tallies={
            counter.removeprefix(f"{name}:"): count
            for counter, count in sorted(tallies.items())
            if counter.startswith(f"{name}:")
        },
        last=arrivals[0] if arrivals else None,
    )


def proof(settings: ChannelSettings) -> str:
    """Return how deliveries of a channel are proved genuine."""
    try:
        verify = settings.verify or kind(settings.connector).verify
    except SettingsError as error:
        return str(error)
    return verify if isinstance(verify, str) else str(verify.get("scheme", ""))


async def one(request: Request) -> Response:
    """Show one channel."""
    return await _one(request, "channel.html")


async def one_live(request: Request) -> Response:
    """Show the same again, for the page that is open."""
    return await _one(request, "_channel.html")


async def _one(request: Request, template: str) -> Response:
    bridge, name = actions_of(request).bridge, request.query_params.get("name", "")
    if name not in bridge.settings.channels:
        return missing(request, f"No channel {name} is configured.", back="/channels")
    line = await _line(bridge, name, await stops_of(bridge.store, name))
    waiting = await bridge.store.waiting(line.settings.service, limit=WAITING_AT_MOST)
    return render(
        request,
        template,
        title=f"Channel {name}",
        line=line,
        waits=sum(each.channel == name for each in waiting),
        arrivals=await bridge.store.arrivals(name, limit=ARRIVALS_CAP),
        tones=TONES,
    )


async def pause(request: Request) -> Response:
    """Let nothing in by a channel."""
    async with request.form() as form:
        name, reason = str(form.get("name", "")), str(form.get("reason", ""))
    try:
        await actions_of(request).pause_channel(person_of(request), name, reason=reason)
    except BridgeError as error:
        return refused(request, error, back="/channels")
    text = f"{name} is paused: within a second or two its senders are told to come again later."
    return said(request, text, back=f"/channel?name={name}")


async def hold(request: Request) -> Response:
    """Accept what a channel brings, and deliver none of it."""
    async with request.form() as form:
        name, reason = str(form.get("name", "")), str(form.get("reason", ""))
    try:
        await actions_of(request).pause_channel(person_of(request), name, reason=reason, hold=True)
    except BridgeError as error:
        return refused(request, error, back="/channels")
    text = f"{name} is held: what it brings is accepted, and within a second or two none of it is delivered."
    return said(request, text, back=f"/channel?name={name}")


async def resume(request: Request) -> Response:
    """Lift a channel's pause and its hold."""
    async with request.form() as form:
        name = str(form.get("name", ""))
    try:
        stops = await actions_of(request).resume_channel(person_of(request), name)
    except BridgeError as error:
        return refused(request, error, back="/channels")
    return said(request, f"{name} is open; {stops.told}.", back=f"/channel?name={name}")


async def try_payload(request: Request) -> Response:
    """Show what a channel would make of a delivery; nothing is sent or kept."""
    async with request.form() as form:
        name, written = str(form.get("name", "")), str(form.get("payload", ""))
        lines, proved = str(form.get("headers", "")), form.get("proved") == "on"
    bridge = actions_of(request).bridge
    try:
        trial = try_content(
            bridge.settings,
            bridge.secrets,
            name,
            written.replace("\r\n", "\n").encode("utf-8", "surrogatepass"),
            headers=[header(line) for line in lines.splitlines() if line.strip()],
            at=bridge.clock(),
            proved=proved,
        )
    except BridgeError as error:
        return refused(request, error)
    return render(request, "_trial.html", proof=trial.proof, meaning=meaning(trial))


def meaning(trial: Trial) -> tuple[str, list[list[tuple[str, str]]]]:
    """Return in one sentence what a delivery means, and each command with what it says."""
    if trial.ignored is not None:
        return f"It would be ignored: {trial.ignored}.", []
    if trial.handshake is not None:
        return f"It would be answered: {trial.handshake}", []
    count = len(trial.commands)
    facts = [_facts(each) for each in _COMMANDS.dump_python(trial.commands, mode="json")]
    return (f"It would become {count} command{'' if count == 1 else 's'}.", facts)


def _facts(fields: Mapping[str, object]) -> list[tuple[str, str]]:
    found = []
    for name, value in fields.items():
        if isinstance(value, dict):
            found += [(f"{name}.{each}", str(what)) for each, what in value.items()]
        elif value not in (None, "", [], ()):
            found.append((name, str(value)))
    return found
