"""The line to the endpoint: carries steps out, remembers what they opened, and stops it again."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

import httpx

from bridge.conformance.probes import Unclear
from bridge.conformance.reply import Reply
from bridge.conformance.steps import Mark, Step, body, path
from worker.settings import ServiceSettings

_GONE: Final = 404
_CONFLICT: Final = 409
_BUSY: Final = 429
_FAILED: Final = 500
#: How often a stop is tried, and how long it waits in between.
_STOPS: Final = 4
_PAUSE_S: Final = 0.5
#: A key that opens nothing.
_WRONG_KEY: Final = "bridge-conform-wrong-key"


@dataclass(frozen=True, slots=True)
class Place:
    """A service and what opens it."""

    service: str
    settings: ServiceSettings
    key: str = field(repr=False)


@dataclass(slots=True)
class _Opened:
    """An interaction that a run opened, or may have opened."""

    place: Place
    external_id: str
    interaction_id: str = ""
    #: Whether the create was answered; until then it may still take effect after a stop that found nothing.
    answered: bool = False

    @property
    def name(self) -> str:
        """What to look for where it is left behind."""
        return f"{self.place.service}: {self.external_id or self.interaction_id or 'one without external id'}"


class Line:
    """One run's calls to an endpoint."""

    def __init__(self, client: httpx.Client, mark: Mark, own: Place, other: Place | None) -> None:
        self._client = client
        self._mark = mark
        self._own = own
        self._other = other
        self._opened: list[_Opened] = []
        self._accepted: list[str] = []

    @property
    def count(self) -> int:
        """How many interactions were opened."""
        return len(self._accepted)

    def ask(self, question: str, step: Step) -> Reply:
        """Carry a step out. Raises Unclear where the endpoint is away, busy or failing."""
        if step.pause_s:
            time.sleep(step.pause_s)
        if not step.twice:
            return self._ask(question, step)
        with ThreadPoolExecutor(2) as pool:
            sent = [pool.submit(self._ask, question, step) for _ in range(2)]
        first, second = (each.result() for each in sent)
        return replace(first, twin=second)

    def _ask(self, question: str, step: Step) -> Reply:
        place = self._other if step.where == "other" and self._other else self._own
        service = f"conform-{self._mark.run}-nowhere" if step.where == "nowhere" else place.service
        external_id = self._mark.external_id(question, step.name) if step.name else ""
        # remembered before it is sent: the answer may be lost, or the run broken off
        opened = _Opened(place, external_id) if step.operation == "create" else None
        if opened:
            self._opened.append(opened)
        reply = self._send(place, step, path(service, step.operation, f"ext_{external_id}"), question)
        if opened:
            opened.answered, opened.interaction_id = True, reply.interaction_id
            if not reply.refused:
                self._accepted.append(opened.name)
            elif reply.status == _CONFLICT:
                self._opened.remove(opened)
        if reply.status == _BUSY or reply.status >= _FAILED:
            raise Unclear(f"the endpoint answers {reply.status}")
        return reply

    def clean(self) -> None:
        """Stop everything that was opened and is not stopped yet."""
        self._opened = [each for each in reversed(self._opened) if not self._stopped(each)]

    @property
    def left(self) -> tuple[str, ...]:
        """What could not be stopped."""
        return tuple(each.name for each in self._opened)

    def _stopped(self, opened: _Opened) -> bool:
        target = f"ext_{opened.external_id}" if opened.external_id else opened.interaction_id
        if opened.interaction_id and self._shares_its_name(opened):
            target = opened.interaction_id
        if not target:
            return False
        step = Step(operation="stop", fields={"reasonDescription": "conformance run"})
        for attempt in range(_STOPS):
            if attempt:
                time.sleep(_PAUSE_S)
            try:
                reply = self._send(opened.place, step, path(opened.place.service, "stop", target), "")
            except Unclear:
                continue
            if not reply.refused or (reply.status == _GONE and (opened.answered or attempt)):
                return True
        return False

    def _shares_its_name(self, opened: _Opened) -> bool:
        """Say whether the external id leads to another one as well, of which it names only one."""
        return [each.external_id for each in self._opened].count(opened.external_id) > 1

    def _send(self, place: Place, step: Step, where: str, question: str) -> Reply:
        keys: Mapping[str, str] = {"right": place.key, "wrong": _WRONG_KEY}
        headers = {"content-type": "application/json", "accept": "application/json"}
        if step.key in keys:
            headers["x-api-key"] = keys[step.key]
        try:
            answer = self._client.request(
                "GET" if step.operation == "get" else "POST",
                place.settings.base_url.rstrip("/") + where,
                content=body(step, self._mark, question),
                headers=headers,
                timeout=httpx.Timeout(
                    place.settings.call_timeout_s, connect=place.settings.connect_timeout_s
                ),
            )
        except httpx.HTTPError as error:
            raise Unclear(f"the endpoint does not answer ({type(error).__name__})") from error
        kind = answer.headers.get("content-type", "")
        return Reply(answer.status_code, answer.content, kind, time.monotonic())
