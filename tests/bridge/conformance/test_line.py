"""The line to an endpoint, over an endpoint that answers as it is told."""

from collections.abc import Callable

import httpx
import pytest

from bridge.conformance import line as lines
from bridge.conformance.line import Line, Place
from bridge.conformance.probes import Unclear
from bridge.conformance.steps import Mark, Step, create, get
from worker.settings import ServiceSettings

_SETTINGS = ServiceSettings(base_url="http://127.0.0.1:9/nexus/v3", api_key="env:KEY")
_OWN = Place("support", _SETTINGS, "KEY")


def line_to(answer: Callable[[httpx.Request], httpx.Response]) -> Line:
    """Return a line to an endpoint that answers so."""
    client = httpx.Client(transport=httpx.MockTransport(answer))
    return Line(client, Mark("bridge_conform", "r1"), _OWN, None)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits between two tries."""
    monkeypatch.setattr(lines, "_PAUSE_S", 0)


def test_what_was_opened_is_stopped() -> None:
    """By its external id; the right key goes with every call, a wrong one only where the probe says so."""
    seen: list[tuple[str, str, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.path, request.headers.get("x-api-key")))
        return httpx.Response(200, json={"id": "A"})

    line = line_to(answer)
    line.ask("q", create())
    line.ask("q", Step(operation="get", key="none"))
    line.clean()
    assert [(method, path.partition("/openmedia/")[2], key) for method, path, key in seen] == [
        ("POST", "support/interactions", "KEY"),
        ("GET", "support/interactions/ext_conform-r1-q-a", None),
        ("POST", "support/interactions/ext_conform-r1-q-a/stop", "KEY"),
    ]
    assert (line.count, line.left) == (1, ())


def test_one_whose_answer_was_lost_is_stopped_twice() -> None:
    """Its create may take effect after a first stop that found nothing."""
    stops = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal stops
        if not request.url.path.endswith("/stop"):
            raise httpx.ReadTimeout("lost", request=request)
        stops += 1
        return httpx.Response(404)

    line = line_to(answer)
    with pytest.raises(Unclear, match="does not answer"):
        line.ask("q", create())
    line.clean()
    assert (stops, line.left) == (2, ())


def test_two_at_once_are_stopped_each_by_its_id() -> None:
    """The external id leads to one of them only; one that was refused was not opened."""
    ids, stopped = iter("AB"), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/stop"):
            stopped.append(request.url.path.split("/")[-2])
            return httpx.Response(200)
        found = next(ids, "")
        return httpx.Response(200, json={"id": found}) if found else httpx.Response(409)

    line = line_to(answer)
    reply = line.ask("q", Step(operation="create", twice=True))
    assert reply.twin is not None
    assert {reply.interaction_id, reply.twin.interaction_id} == {"A", "B"}
    assert line.ask("q", create()).status == 409
    line.clean()
    assert (sorted(stopped), line.count, line.left) == (["A", "B"], 2, ())


@pytest.mark.parametrize(
    ("status", "name"), [(500, "support: conform-r1-q-a"), (403, "support: conform-r1-q-a")]
)
def test_what_cannot_be_stopped_is_named(status: int, name: str) -> None:
    """A stop is tried a few times; what stays is told."""
    line = line_to(lambda request: httpx.Response(status if request.url.path.endswith("/stop") else 200))
    line.ask("q", create())
    line.clean()
    assert line.left == (name,)


def test_one_that_nobody_can_name_is_told() -> None:
    """Opened without an external id, and no id was shown."""
    line = line_to(lambda _request: httpx.Response(200))
    line.ask("q", create(""))
    line.clean()
    assert line.left == ("support: one without external id",)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_endpoint_that_is_busy_or_failing_answers_nothing(status: int) -> None:
    """Its replies would be taken for its rules."""
    with pytest.raises(Unclear, match=str(status)):
        line_to(lambda _request: httpx.Response(status)).ask("q", get())
