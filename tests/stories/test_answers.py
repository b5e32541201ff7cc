"""The table: whatever the API answers, or does not, no command is lost, doubled or tried for ever.

One row for each answer or failure of the transport. The first table says what the client makes of it, for all
seven endpoints; the others what becomes of a command that meets it, when it passes and when it never does.
Everything goes over real sockets to a stateful sandbox; only the clock is the test's own.
"""

import asyncio
import contextlib
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.app import create_app
from sandbox.connection import Protocol
from sandbox.patience import Patience
from sandbox.settings import Settings as SandboxSettings
from worker.api import Connections, OpenMediaApi
from worker.commands import Command, Create, Stop, Update
from worker.drain.desk import Desk, Stopping
from worker.drain.lane import deliver
from worker.events import Event
from worker.gate_settings import RetrySettings
from worker.lanes import LaneView, Partition
from worker.letters import DeadCommand
from worker.operations import (
    ByExternalId,
    ByInteractionId,
    CreateInteraction,
    GetInteraction,
    Operation,
    StopInteraction,
    UpdateInteraction,
)
from worker.outcomes import Failed, Ok, Outcome, Overloaded
from worker.settings import ServiceSettings
from worker.store.limits import Limits
from worker.store.memory import MemoryStore

pytestmark = pytest.mark.story

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = "story-key"
#: How many tries a passing trouble outlasts.
PASSING = 2
#: What a call or a connection may take where it is meant to run out of time, and elsewhere.
SHORT_S, LONG_S = 0.4, 20.0
RETRY = RetrySettings(
    base_s=4, cap_s=16, max_attempts=4, max_age_s=60, retry_after_cap_s=30, unauthorized_hold_s=10
)
#: Deliveries after which a command counts as tried for ever: 60 s in steps of a second.
MOST_LOOKS = 60
#: Cells worked on at once.
AT_ONCE = 24


@dataclass(frozen=True)
class Trouble:
    """An answer or a failure, and how it is brought about."""

    #: The sandbox's rule for it; None leaves the sandbox alone.
    rule: Mapping[str, Any] | None = None
    #: Where calls go instead of the sandbox: `refused`, `nameless` or `silent`.
    elsewhere: str = ""
    #: Whether the call runs out of time after it was sent.
    slow: bool = False


def status(number: int, **more: object) -> Trouble:
    """Return an answer with a status and a body in the API's envelope."""
    return Trouble({"kind": "status", "status": number, **more})


def kind(name: str, *, slow: bool = False, **more: object) -> Trouble:
    """Return one of the sandbox's other faults."""
    return Trouble({"kind": name, **more}, slow=slow)


INNER_ERROR = {"status": {"code": "INTERNAL_ERROR", "message": "no"}}

#: `done` says that the call took effect in spite of what came back.
TROUBLES: Mapping[str, Trouble] = {
    "200": Trouble(),
    "200, error inside": status(200, body=INNER_ERROR),
    "200, empty": status(200, body="raw:", after_commit=True),
    "200, HTML": kind("wrong_content_type"),
    "200, HTML, done": kind("wrong_content_type", after_commit=True),
    "200, garbage": status(200, body='raw:{"status": {"co'),
    "200, garbage, done": status(200, body='raw:{"status": {"co', after_commit=True),
    "400": status(400),
    "401": status(401),
    "403": status(403),
    "404": status(404),
    "409": status(409),
    "413": status(413),
    "429": status(429),
    "429, Retry-After": status(429, retry_after=7),
    "500": status(500),
    "500, done": status(500, after_commit=True),
    "503": status(503),
    "refused": Trouble(elsewhere="refused"),
    "no such host": Trouble(elsewhere="nameless"),
    "connect time-out": Trouble(elsewhere="silent"),
    "read time-out": kind("hang", slow=True),
    "read time-out, done": kind("hang", slow=True, after_commit=True),
    "reset, done": kind("reset_after_commit"),
}

#: What the client makes of each, whichever of the seven endpoints was called.
OUTCOMES: Mapping[str, str] = {
    "200": "Ok",
    "200, error inside": "Failed",
    "200, empty": "Ok",
    "200, HTML": "Unknown",
    "200, HTML, done": "Unknown",
    "200, garbage": "Unknown",
    "200, garbage, done": "Unknown",
    "400": "Rejected",
    "401": "Unauthorized",
    "403": "Unauthorized",
    "404": "NotFound",
    "409": "Conflict",
    "413": "Rejected",
    "429": "Overloaded",
    "429, Retry-After": "Overloaded for 7 s",
    "500": "Failed",
    "500, done": "Failed",
    "503": "Overloaded",
    "refused": "Failed, unsent",
    "no such host": "Failed, unsent",
    "connect time-out": "Failed, unsent",
    "read time-out": "Unknown",
    "read time-out, done": "Unknown",
    "reset, done": "Unknown",
}

#: What becomes of a command that meets each: for two tries, and for ever.
PASSING_TABLE = """
                    | create         | look           | update         | stop           | overwrite
200                 | created        | adopted        | updated        | stopped        | overwritten
200, error inside   | created        | adopted        | updated        | stopped        | overwritten
200, empty          | created        | adopted unseen | updated        | stopped        | overwritten
200, HTML           | created        | adopted        | updated        | stopped        | overwritten
200, HTML, done     | adopted        | adopted        | updated        | already gone   | overwritten
200, garbage        | created        | adopted        | updated        | stopped        | overwritten
200, garbage, done  | adopted        | adopted        | updated        | already gone   | overwritten
400                 | dead: rejected | dead: rejected | dead: rejected | dead: rejected | dead: rejected
401                 | created        | adopted        | updated        | stopped        | overwritten
403                 | created        | adopted        | updated        | stopped        | overwritten
404                 | created        | adopted        | created +      | already gone   | overwritten
409                 | created        | adopted        | updated        | stopped        | overwritten
413                 | dead: rejected | dead: rejected | dead: rejected | dead: rejected | dead: rejected
429                 | created        | adopted        | updated        | stopped        | overwritten
429, Retry-After    | created        | adopted        | updated        | stopped        | overwritten
500                 | created        | adopted        | updated        | stopped        | overwritten
500, done           | adopted        | adopted        | updated        | already gone   | overwritten
503                 | created        | adopted        | updated        | stopped        | overwritten
refused             | created        | adopted        | updated        | stopped        | overwritten
no such host        | created        | adopted        | updated        | stopped        | overwritten
connect time-out    | created        | adopted        | updated        | stopped        | overwritten
read time-out       | created        | adopted        | updated        | stopped        | overwritten
read time-out, done | adopted        | adopted        | updated        | already gone   | overwritten
reset, done         | adopted        | adopted        | updated        | already gone   | overwritten
"""
LASTING_TABLE = """
                    | create          | look            | update          | stop            | overwrite
200                 | created         | adopted         | updated         | stopped         | overwritten
200, error inside   | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
200, empty          | created         | adopted unseen  | updated         | stopped         | overwritten
200, HTML           | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
200, HTML, done     | adopted         | dead: exhausted | dead: exhausted | already gone    | dead: exhausted
200, garbage        | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
200, garbage, done  | adopted         | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
400                 | dead: rejected  | dead: rejected  | dead: rejected  | dead: rejected  | dead: rejected
401                 | held            | held            | held            | held            | held
403                 | held            | held            | held            | held            | held
404                 | dead: exhausted | dead: exhausted | created +       | already gone    | dead: exhausted
409                 | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
413                 | dead: rejected  | dead: rejected  | dead: rejected  | dead: rejected  | dead: rejected
429                 | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
429, Retry-After    | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
500                 | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
500, done           | adopted         | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
503                 | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
refused             | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
no such host        | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
connect time-out    | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
read time-out       | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
read time-out, done | adopted         | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
reset, done         | adopted         | dead: exhausted | dead: exhausted | dead: exhausted | dead: exhausted
"""


class Verbatim:
    """Sends a body as it stands where it begins with `raw:`, for by itself the sandbox speaks only JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the sandbox does, such bodies apart."""
        begun: list[Message] = []

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
                return
            body = message.get("body", b"")
            if body.startswith(b'"raw:'):
                body = json.loads(body).removeprefix("raw:").encode()
            if begun:
                start = begun.pop()
                headers = [each for each in start["headers"] if each[0] != b"content-length"]
                length = [] if message.get("more_body") else [(b"content-length", b"%d" % len(body))]
                await send({**start, "headers": [*headers, *length]})
            await send({**message, "body": body})

        await self._app(scope, receive, sent if scope["type"] == "http" else send)


class Server(uvicorn.Server):
    """Uvicorn inside a test: signals are the test runner's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@dataclass
class World:
    """The sandbox on its socket, the places where nobody answers, and connections to all of them."""

    connections: Connections
    places: Mapping[str, str]

    def api(self, service: str, *, place: str = "sandbox", slow: bool = False) -> OpenMediaApi:
        """Return the API of a service."""
        settings = ServiceSettings(
            base_url=self.places[place],
            api_key="env:KEY",
            connect_timeout_s=SHORT_S if place == "silent" else LONG_S,
            call_timeout_s=SHORT_S if slow else LONG_S,
        )
        return OpenMediaApi(
            self.connections, service, settings, api_key=lambda: KEY, clock=lambda: datetime.now(UTC)
        )

    async def control(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON of any shape
        """Speak to the sandbox's own endpoints."""
        url = self.places["sandbox"].replace("/nexus/v3", f"/sandbox/{path}")
        content = None if body is None else json.dumps(body)
        headers = {"content-type": "application/json"}
        async with httpx.AsyncClient(timeout=LONG_S) as client:
            response = await client.request(method, url, content=content, headers=headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def effects(self, service: str) -> Counter[tuple[str, str]]:
        """Count what really took effect: (operation, external id)."""
        entries = await self.control("GET", f"audit?service={service}")
        return Counter((entry["operation"], entry["externalId"]) for entry in entries if entry["effect"])


@contextlib.asynccontextmanager
async def world(services: list[str]) -> AsyncIterator[World]:
    """Open a world whose sandbox knows these services."""
    patience = Patience()
    settings = SandboxSettings(services={name: frozenset({KEY}) for name in services}, seed=1)
    app = Verbatim(create_app(settings, patience=patience))
    with (
        socket.create_server(("127.0.0.1", 0), backlog=512) as listener,
        socket.create_server(("127.0.0.1", 0), backlog=512) as silent,
        socket.socket() as free,
    ):
        free.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, http=Protocol, ws="none", log_level="warning", access_log=False)
        server = Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        places = {
            "sandbox": f"http://127.0.0.1:{listener.getsockname()[1]}/nexus/v3",
            "refused": f"http://127.0.0.1:{free.getsockname()[1]}/nexus/v3",
            "nameless": "http://nowhere.invalid/nexus/v3",
            # the handshake is never answered
            "silent": f"https://127.0.0.1:{silent.getsockname()[1]}/nexus/v3",
        }
        async with Connections() as connections:
            yield World(connections, places)
        patience.end()
        server.should_exit = True
        await serving


@pytest.fixture(autouse=True)
def _nobody_is_asked_for_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads nowhere is not looked for outside this machine."""
    resolve = socket.getaddrinfo

    def resolved(host: object, *more: Any, **named: Any) -> Any:  # noqa: ANN401 - the signature is the socket's
        if host == "nowhere.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


def said(outcome: Outcome) -> str:
    """Return an outcome in a few words."""
    match outcome:
        case Failed(reached=False):
            return "Failed, unsent"
        case Overloaded(retry_after_s=float(wait)):
            return f"Overloaded for {wait:g} s"
        case _:
            return type(outcome).__name__


def rule(trouble: Trouble, service: str, operation: str, times: int | None) -> list[dict[str, Any]]:
    """Return the sandbox's rule for a trouble of one service, if it needs one."""
    if trouble.rule is None:
        return []
    return [{"service": service, "operation": operation, "times": times, **trouble.rule}]


async def arranged(world: World, service: str) -> Mapping[str, Operation]:
    """Return the seven calls, on interactions that are there."""
    ids = []
    for name in ("x", "y"):
        made = await world.api(service).send(CreateInteraction(name), trace_id="")
        assert isinstance(made, Ok)
        assert made.snapshot
        ids.append(made.snapshot.interaction_id or "")
    x, y = ByExternalId("x"), ByInteractionId(ids[1])
    return {
        "create": CreateInteraction("z", {"A": 1}),
        "get by external id": GetInteraction(x),
        "update by external id": UpdateInteraction(x, changed={"A": 1}),
        "stop by external id": StopInteraction(x),
        "get by interaction id": GetInteraction(y),
        "update by interaction id": UpdateInteraction(y, changed={"A": 1}),
        "stop by interaction id": StopInteraction(y),
    }


def test_each_answer_is_one_outcome_for_all_seven_endpoints() -> None:
    """Twenty answers and failures over real sockets: the outcome is the same whichever call met it."""
    services = {row: f"a{number}" for number, row in enumerate(TROUBLES)}

    async def main() -> Mapping[str, Mapping[str, str]]:
        async with world(list(services.values())) as open_world:
            operations = {row: await arranged(open_world, service) for row, service in services.items()}
            rules = [rule(TROUBLES[row], service, "*", None) for row, service in services.items()]
            await open_world.control("PUT", "faults", [each for some in rules for each in some])

            async def asked(row: str) -> Mapping[str, str]:
                trouble = TROUBLES[row]
                place = trouble.elsewhere or "sandbox"
                api = open_world.api(services[row], place=place, slow=trouble.slow)
                # one after the other: a stop comes after what needs the interaction
                return {
                    name: said(await api.send(operation, trace_id=""))
                    for name, operation in operations[row].items()
                }

            answers = await asyncio.gather(*map(asked, TROUBLES))
            return dict(zip(TROUBLES, answers, strict=True))

    for row, outcomes in asyncio.run(main()).items():
        assert len(outcomes) == 7
        assert outcomes == dict.fromkeys(outcomes, OUTCOMES[row]), row


# The lane: one command, the trouble at one operation, and what comes of it.


@dataclass(frozen=True)
class Scene:
    """How a command comes to meet the trouble."""

    #: The operation at which the trouble stands: the sandbox's word for it, and ours.
    operation: str
    kind: type[Operation]
    command: Callable[[str], Command]
    #: Whether the interaction was created by us beforehand, or by a stranger.
    ours: bool = False
    strangers: bool = False
    #: Whether the create itself takes effect and its answer is lost, once.
    lost: bool = False


def _create(service: str) -> Create:
    return Create(
        service=service,
        external_id="c",
        idempotency_key="story:c:create",
        channel="story",
        received_at=START,
        user_data={"Subject": "Hello"},
    )


def _update(service: str) -> Update:
    return Update(
        service=service,
        external_id="c",
        idempotency_key="story:c:update",
        channel="story",
        received_at=START,
        changed={"Step": 1},
    )


def _stop(service: str) -> Stop:
    return Stop(
        service=service, external_id="c", idempotency_key="story:c:stop", channel="story", received_at=START
    )


#: Notes that say more than a table has room for.
SHORT = {"applied to what was there": "overwritten", "adopted without comparison": "adopted unseen"}
#: What must have taken effect where a note says so.
NEEDS = {
    "created": "create",
    "adopted": "create",
    "adopted without comparison": "create",
    "updated": "update",
    "stopped": "stop",
    "applied to what was there": "update",
}

SCENES: Mapping[str, Scene] = {
    "create": Scene("create", CreateInteraction, _create),
    "look": Scene("get", GetInteraction, _create, lost=True),
    "update": Scene("update", UpdateInteraction, _update, ours=True),
    "stop": Scene("stop", StopInteraction, _stop, ours=True),
    "overwrite": Scene("update", UpdateInteraction, _create, strangers=True),
}


class Detour:
    """An API whose calls of one kind take another way for so many tries, or for ever."""

    def __init__(self, straight: OpenMediaApi, detour: OpenMediaApi, kind: type, times: int | None) -> None:
        self._straight = straight
        self._detour = detour
        self._kind = kind
        self._left = times

    async def send(self, operation: Operation, *, trace_id: str) -> Outcome:
        """Make the call, the one way or the other."""
        if not isinstance(operation, self._kind) or self._left == 0:
            return await self._straight.send(operation, trace_id=trace_id)
        self._left = None if self._left is None else self._left - 1
        return await self._detour.send(operation, trace_id=trace_id)


@dataclass
class Cell:
    """One command in one scene with one trouble."""

    world: World
    service: str
    scene: Scene
    trouble: Trouble
    times: int | None
    now: datetime = START
    looks: int = 0
    ids: Iterator[int] = field(default_factory=count)

    def rules(self) -> list[dict[str, Any]]:
        """Return the sandbox's rules for this cell."""
        lost = {"service": self.service, "operation": "create", "kind": "reset_after_commit", "times": 1}
        wanted = rule(self.trouble, self.service, self.scene.operation, self.times)
        return [lost, *wanted] if self.scene.lost else wanted

    async def play(self) -> str:
        """Deliver the command and say what became of it."""
        self.store = MemoryStore(Limits())
        plain = self.world.api(self.service)
        if self.scene.strangers:
            await plain.send(CreateInteraction("c", {"Subject": "Stranger"}), trace_id="")
        if self.scene.ours:
            assert await self.deliver(_create(self.service), self.desk(plain)) == "created"
        detour = self.world.api(
            self.service, place=self.trouble.elsewhere or "sandbox", slow=self.trouble.slow
        )
        api = Detour(plain, detour, self.scene.kind, self.times)
        self.looks = 0
        end = await self.deliver(self.scene.command(self.service), self.desk(api))
        effects = await self.world.effects(self.service)
        created = {name: number for (operation, name), number in effects.items() if operation == "create"}
        assert set(created.values()) <= {1}, f"two interactions for one external id: {created}"
        if end in NEEDS:
            assert (NEEDS[end], "c") in effects, f"{end!r} was written, and nothing of the kind took effect"
        return SHORT.get(end, end) + " +" * ("c~2" in created)

    def desk(self, api: OpenMediaApi | Detour) -> Desk:
        """Return the desk of this cell's service."""
        return Desk(
            service=self.service,
            lanes=self.store,
            api=api,
            clock=lambda: self.now,
            dice=lambda: 0.9,
            sleep=self.sleep,
            ids=lambda: f"id-{next(self.ids)}",
            listen=_unheard,
            stopping=Stopping(),
            retry=RETRY,
            mark="bridge_",
            lease=timedelta(seconds=45),
            longest_call=timedelta(seconds=20),
        )

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    async def deliver(self, command: Command, desk: Desk) -> str:
        """Deliver the command, letting time pass to whenever its lane is due."""
        await self.store.append(command, receipt_id=desk.ids(), now=self.now)
        home, began = Partition(self.service, 0), self.now
        while True:
            claims = await self.store.claim(home, limit=1, lease=desk.lease, token=desk.ids(), now=self.now)
            for claim in claims:
                self.looks += 1
                await deliver(desk, claim)
            view = await self.store.view(self.service, "c")
            assert view is not None
            if not view.pending:
                return await self._ended(view)
            backlog = await self.store.backlog(home, now=self.now)
            if self.now - began > timedelta(seconds=3 * RETRY.max_age_s):
                assert "40" in backlog.held_because, "only a refused key is waited for so long"
                return "held"
            assert self.looks < MOST_LOOKS, "tried for ever"
            assert view.due is not None, "a command waits and nobody will look at it"
            self.now = max(self.now, view.due, backlog.held_until or view.due)

    async def _ended(self, view: LaneView) -> str:
        heads = await self.store.dead(self.service, limit=9)
        if view.history[-1].event == "applied":
            assert heads == ()
            return str(view.history[-1].detail["note"])
        (head,) = heads
        found = await self.store.letter(self.service, head.id)
        assert found is not None
        letter, _ = found
        assert isinstance(letter, DeadCommand)
        assert letter.command == self.scene.command(self.service), "kept whole"
        return f"dead: {letter.cause}"


def _unheard(_: Event) -> None:
    """Hear nothing: the story reads the store and the sandbox."""


async def play(times: int | None) -> str:
    """Play every scene with every trouble; return the table of what became of the commands."""
    names = {(row, scene): f"{scene}{number}" for number, row in enumerate(TROUBLES) for scene in SCENES}
    busy = asyncio.Semaphore(AT_ONCE)
    async with world(list(names.values())) as open_world:
        cells = {
            (row, scene): Cell(open_world, service, SCENES[scene], TROUBLES[row], times)
            for (row, scene), service in names.items()
        }
        await open_world.control("PUT", "faults", [each for cell in cells.values() for each in cell.rules()])

        async def one(cell: Cell) -> str:
            async with busy:
                return await cell.play()

        ends = dict(zip(cells, await asyncio.gather(*map(one, cells.values())), strict=True))
    return table(ends)


def table(ends: Mapping[tuple[str, str], str]) -> str:
    """Return the ends as a table, a line for each trouble."""
    rows = [["", *SCENES], *([row, *(ends[row, scene] for scene in SCENES)] for row in TROUBLES)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" | ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("times", "expected"), [(PASSING, PASSING_TABLE), (None, LASTING_TABLE)], ids=["passing", "lasting"]
)
def test_each_command_ends_as_the_table_says(times: int | None, expected: str) -> None:
    """Applied, dead with its cause, or held for a key; never lost, doubled or tried for ever."""
    assert asyncio.run(play(times)).splitlines() == expected.splitlines()
