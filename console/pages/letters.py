"""Dead letters: which there are and why, one with all attempts, and what becomes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from console.mending import told
from console.pages.mask import asked_for
from console.pages.page import actions_of, missing, person_of, refused, render, said
from console.pages.preview import preview
from console.pages.timeline import timeline
from worker.deadletters import Filter
from worker.errors import BridgeError
from worker.letters import UNREADABLE, DeadCommand, LetterHead, Unreadable
from worker.wiring import Bridge

#: Letters that are listed one by one.
SHOWN: Final = 200
#: What usually helps, by cause.
ADVICE: Final = {
    "rejected": "Mend what the API named and replay it, or discard it.",
    "exhausted": "See that the service answers again, then replay.",
    "conflict": "See at the API whose interaction bears this id. Replay once that has ended, or discard.",
    "missing": "Replay once the interaction is there, or discard.",
    "ended": "The interaction ended before this could be applied: discard it, or edit it to follow up.",
    UNREADABLE: "Mend the channel's options, start the intake again, then replay.",
}
_SET: Final = "set:"


@dataclass(frozen=True, slots=True)
class Group:
    """Letters of one cause and channel."""

    service: str
    cause: str
    channel: str
    count: int
    oldest: datetime
    newest: datetime
    advice: str


async def page(request: Request) -> Response:
    """Show the dead letters by cause, and one by one."""
    return await _page(request, "letters.html")


async def live(request: Request) -> Response:
    """Show the same again, for the page that is open."""
    return await _page(request, "_letters.html")


async def _page(request: Request, template: str) -> Response:
    bridge, asked = actions_of(request).bridge, request.query_params
    heads = [head for service in _services(bridge, asked) for head in await _dead(bridge, service, asked)]
    newest = sorted(heads, key=lambda each: each.buried_at, reverse=True)
    return render(
        request,
        template,
        title="Dead letters",
        groups=groups(heads),
        letters=newest[:SHOWN],
        count=len(heads),
        asked={name: asked.get(name, "") for name in ("service", "cause", "channel", "external_id")},
        services=list(bridge.partitions),
        runs=actions_of(request).runs.all()[:5],
    )


async def _dead(bridge: Bridge, service: str, asked: Mapping[str, str]) -> Sequence[LetterHead]:
    return await _chosen(bridge, service, _wanted(asked))


async def _chosen(bridge: Bridge, service: str, wanted: Filter) -> Sequence[LetterHead]:
    return await bridge.dead_letters.find(service, wanted, limit=10_000)


def _services(bridge: Bridge, asked: Mapping[str, str]) -> list[str]:
    return [name for name in bridge.partitions if asked.get("service", "") in {"", name}]


def _wanted(asked: Mapping[str, str], ids: Sequence[str] = ()) -> Filter:
    return Filter(
        ids=frozenset(ids),
        cause=asked.get("cause", ""),
        channel=asked.get("channel", ""),
        external_id=asked.get("external_id", ""),
    )


def groups(heads: Sequence[LetterHead]) -> list[Group]:
    """Return how many there are of each service, cause and channel, the most first."""
    found: dict[tuple[str, str, str], list[LetterHead]] = {}
    for head in heads:
        found.setdefault((head.service, head.cause, head.channel), []).append(head)
    made = [
        Group(
            service=service,
            cause=cause,
            channel=channel,
            count=len(each),
            oldest=min(head.buried_at for head in each),
            newest=max(head.buried_at for head in each),
            advice=ADVICE.get(cause, ""),
        )
        for (service, cause, channel), each in found.items()
    ]
    return sorted(made, key=lambda each: (-each.count, each.service, each.cause, each.channel))


async def one(request: Request) -> Response:
    """Show one dead letter with all that happened to it."""
    bridge = actions_of(request).bridge
    service, letter_id = request.query_params.get("service", ""), request.query_params.get("id", "")
    found = await bridge.store.letter(service, letter_id) if service in bridge.partitions else None
    if found is None:
        return missing(
            request,
            "There is no such dead letter any more: somebody replayed or discarded it.",
            back="/letters",
        )
    letter, history = found
    head = letter.head
    own = [entry for entry in history if entry.sequence == head.sequence] if head.sequence else list(history)
    view = await bridge.store.view(service, head.external_id, pending=1) if head.external_id else None
    return render(
        request,
        "letter.html",
        title=f"Dead letter {letter_id[:12]}",
        letter=letter,
        head=head,
        moments=timeline(own),
        view=view,
        content=content(letter, reveal=False),
        revealed=False,
        advice=ADVICE.get(head.cause, ""),
    )


def content(letter: DeadCommand | Unreadable, *, reveal: bool) -> list[tuple[str, str]]:
    """Return what a letter carries, hidden unless it is to be revealed."""
    if isinstance(letter, DeadCommand):
        return asked_for(told(letter.command), reveal=reveal)
    if not reveal:
        return [
            ("headers", f"•••••• {len(letter.headers)} lines"),
            ("body", f"•••••• {len(letter.body)} bytes"),
        ]
    return [*letter.headers, ("body", preview(letter.body))]


async def reveal(request: Request) -> Response:
    """Show what a letter carries; the audit log says who saw it."""
    return await _revealed(request, "_content.html")


async def edit_form(request: Request) -> Response:
    """Show what a dead command carries, to be mended; that reveals it, so the audit log says who saw it."""
    return await _revealed(request, "_edit.html")


async def _revealed(request: Request, template: str) -> Response:
    async with request.form() as form:
        service, letter_id = _text(form, "service"), _text(form, "id")
    actions = actions_of(request)
    try:
        await actions.reveal(person_of(request), f"{service}/{letter_id}")
        found = await actions.bridge.store.letter(service, letter_id)
    except BridgeError as error:
        return refused(request, error)
    if found is None:
        return said(request, "It is no dead letter any more.", tone="bad")
    letter, _ = found
    shown = content(letter, reveal=True)
    return render(request, template, letter=letter, head=letter.head, content=shown, revealed=True)


async def foresee_edit(request: Request) -> Response:
    """Show what an edit would change; nothing is done."""
    async with request.form() as form:
        service, letter_id, sets = _text(form, "service"), _text(form, "id"), _sets(form)
    try:
        edit = await actions_of(request).foresee_edit(service, letter_id, sets=sets)
    except BridgeError as error:
        return refused(request, error)
    before, after = told(edit.before), told(edit.after)
    changes = [
        (path, before.get(path, "—"), after.get(path, "—"))
        for path in dict.fromkeys([*before, *after])
        if before.get(path) != after.get(path)
    ]
    return render(request, "_difference.html", changes=changes)


async def edit(request: Request) -> Response:
    """Mend a dead command and bring it back."""
    async with request.form() as form:
        service, letter_id, sets = _text(form, "service"), _text(form, "id"), _sets(form)
    try:
        done = await actions_of(request).edit(person_of(request), service, letter_id, sets=sets)
    except BridgeError as error:
        return refused(request, error, back="/letters")
    return said(
        request,
        f"Mended, and replayed as command {done.sequence} of {done.after.external_id}.",
        back="/letters",
    )


async def plan(request: Request) -> Response:
    """Show what a replay or a discard would be about; nothing is done."""
    async with request.form() as form:
        asked = {name: _text(form, name) for name in ("service", "cause", "channel", "external_id")}
        ids = [each for each in form.getlist("ids") if isinstance(each, str)]
        verb = "discard" if _text(form, "verb") == "discard" else "replay"
    actions = actions_of(request)
    try:
        chosen = await actions.plan(asked["service"], _wanted(asked, ids))
        foreseen = await actions.foresee(chosen.letters[:SHOWN]) if verb == "replay" else []
    except BridgeError as error:
        return refused(request, error)
    return render(
        request,
        "_plan.html",
        verb=verb,
        chosen=chosen,
        groups=groups(chosen.letters),
        foreseen=foreseen,
        asked=asked,
        ids=ids,
    )


async def run(request: Request) -> Response:
    """Begin what was planned, and show how far it is."""
    async with request.form() as form:
        asked = {name: _text(form, name) for name in ("service", "cause", "channel", "external_id")}
        ids = [each for each in form.getlist("ids") if isinstance(each, str)]
        verb, reason = _text(form, "verb"), _text(form, "reason")
    actions, person, wanted = actions_of(request), person_of(request), _wanted(asked, ids)
    try:
        if verb == "discard":
            begun = await actions.start_discard(
                person, asked["service"], wanted, reason=reason, everything=True
            )
        else:
            begun = await actions.start_replay(person, asked["service"], wanted, everything=True)
    except BridgeError as error:
        return refused(request, error)
    return render(request, "_run.html", run=begun)


async def progress(request: Request) -> Response:
    """Show how far a run is."""
    try:
        found = actions_of(request).runs.find(request.path_params["run"])
    except BridgeError as error:
        return refused(request, error)
    answer = render(request, "_run.html", run=found)
    if found.ended_at is not None:
        answer.headers["HX-Trigger"] = "acted"
    return answer


async def cancel(request: Request) -> Response:
    """Stop a run between two letters."""
    try:
        found = await actions_of(request).cancel_run(person_of(request), request.path_params["run"])
    except BridgeError as error:
        return refused(request, error)
    return render(request, "_run.html", run=found)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _sets(form: FormData) -> list[str]:
    """Return the fields that a person changed, each as `path=json`."""
    written = {name: value for name, value in form.items() if isinstance(value, str)}
    return [
        f"{name.removeprefix(_SET)}={value}"
        for name, value in written.items()
        if name.startswith(_SET) and value != written.get(f"was:{name.removeprefix(_SET)}")
    ]
