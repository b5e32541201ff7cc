"""The console as its shipped user: each page is opened, each act is done, and Redis refuses nothing."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis

from bridge.redis_server import RedisServer
from console.pages.table import PAGES
from console.tokens import csrf_of
from tests.console.conftest import HASH, PASSWORD
from tests.ports import free_port
from tests.redis_users import admit, denied
from tests.stories.conftest import Stack, create, staged, update, wait_until
from tests.stories.test_users import NOW, become
from worker.letters import Unreadable

pytestmark = [pytest.mark.story, pytest.mark.timeout(240)]
SETTINGS = """
[services.support.sweep]
idle_s = 604800
every_s = 86400
[clients.shop]
keys = ["env:STORY_KEY"]
services = ["support"]
[channels.tickets]
connector = "webhook"
verify = "none"
service = "support"
options = {{ rules = [{{ do = "create" }}], external_id = "body.id" }}
[console]
port = {port}
sandbox_url = "http://127.0.0.1:{sandbox}"
[console.accounts.ann]
role = "admin"
password = '{hash}'
[console.clients.robot]
role = "admin"
tokens = ["env:STORY_TOKEN"]
"""


class Ann:
    """A person in a browser."""

    def __init__(self, port: int) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
        #: The addresses that were used, as the table of pages has them.
        self.used: set[tuple[str, str]] = set()

    def is_answered(self) -> bool:
        """Whether the console is there."""
        try:
            return self._http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def opens(self, path: str, **asked: str) -> str:
        """Open a page and return what it says."""
        return self._seen("GET", path, self._http.get(path, params=asked))

    def does(self, path: str, **form: str | list[str]) -> str:
        """Send a form and return what is said to it."""
        csrf = csrf_of(self._http.cookies.get("bridge-console", ""))
        return self._seen("POST", path, self._http.post(path, data={"csrf": csrf, **form}))

    def asks(self, path: str, token: str) -> None:
        """Ask the admin API as a program."""
        answer = self._http.get(f"/admin/v1/{path}", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200, (path, answer.text)

    def close(self) -> None:
        """Go away."""
        self._http.close()

    def _seen(self, method: str, path: str, answer: httpx.Response) -> str:
        assert answer.status_code in (200, 303), (path, answer.status_code, answer.text)
        assert 'class="said bad" role="status"' not in answer.text, (path, answer.text)
        self.used.add((method, re.sub(r"^/runs/[^/]+", "/runs/{run}", path)))
        return answer.text


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack with something of everything, and a console that comes as its user."""
    server = RedisServer(tmp_path / "redis")
    server.start()
    admit(server)
    with staged(tmp_path, server) as stack:
        stack.environment["STORY_TOKEN"] = "a-token-0123456789"
        settings = SETTINGS.format(port=free_port(), sandbox=stack.sandbox_port, hash=HASH)
        stack.config.write_text(stack.config.read_text() + settings)
        become(stack, "worker")
        stack.start_worker()
        fault = {"service": "support", "operation": "create", "kind": "status", "status": 400, "times": 2}
        stack.sandbox("PUT", "faults", [fault])
        stack.submit([create("bad-1", Subject="One"), create("bad-2", Subject="Two")])
        wait_until(lambda: len(_letters(stack)) == 2, reason="two dead commands")
        stack.submit([create("c-1"), update("c-1", 1)])
        letter = Unreadable(
            id="u-1", service="support", channel="tickets", reason="?", arrived_at=NOW, body=b"{}"
        )
        stack.with_bridge(lambda bridge: bridge.store.keep(letter))
        wait_until(stack.effects, reason="an interaction")
        with redis.Redis.from_url(server.url()) as client:
            client.acl_log_reset()
        yield stack


def _letters(stack: Stack) -> list[str]:
    return [each.id for each in stack.with_bridge(lambda bridge: bridge.store.dead("support", limit=9))]


@pytest.fixture
def ann(stack: Stack) -> Iterator[Ann]:
    """A person who is logged in."""
    become(stack, "ops")
    stack.start("console", "-m", "bridge", "console")
    [port] = re.findall(r"\[console\]\nport = (\d+)", stack.config.read_text())
    ann = Ann(int(port))
    wait_until(ann.is_answered, reason="the console")
    ann.opens("/login")
    ann.does("/login", name="ann", password=PASSWORD)
    yield ann
    ann.close()


def test_every_page_and_every_act(stack: Stack, ann: Ann) -> None:
    """None of the table is left out; beside it the admin API, and going out again."""
    first, second = sorted(set(_letters(stack)) - {"u-1"})
    _look(ann, first)
    _act(ann, first, second)
    for path in ("services", "services/support", "services/support/dead-letters", "channels", "audit-log"):
        ann.asks(path, stack.environment["STORY_TOKEN"])
    left_out = {(page.method, page.path) for page in PAGES} - ann.used
    assert left_out == set()
    ann.does("/logout")
    assert denied(stack.redis) == []


def _look(ann: Ann, letter: str) -> None:
    conversation = {"service": "support", "id": "c-1"}
    for path in ("/", "/interactions", "/letters", "/channels", "/services", "/sweeps", "/sandbox", "/audit"):
        ann.opens(path)
    for path in ("/overview/live", "/interactions/live", "/letters/live", "/channels/live", "/services/live"):
        ann.opens(path)
    for path in ("/sweeps/live", "/sandbox/live"):
        ann.opens(path)
    for path in ("/interaction", "/interaction/live"):
        ann.opens(path, **conversation)
    for path, name in (("/channel", "tickets"), ("/service", "support")):
        ann.opens(path, name=name)
        ann.opens(f"{path}/live", name=name)
    ann.opens("/letter", service="support", id=letter)
    assert "c-1" in ann.does("/interactions", q="c-1")
    assert "story" in ann.does("/interactions", q="story:c-1:create")
    ann.does("/interactions", q="jane@example.org")


def _act(ann: Ann, first: str, second: str) -> None:
    service, conversation = {"name": "support"}, {"service": "support", "id": "c-1"}
    ann.does("/interaction/reveal", **conversation)
    ann.does("/interaction/retry", **conversation)
    ann.does("/letter/reveal", service="support", id="u-1")
    ann.does("/letter/edit-form", service="support", id=first)
    change = {"was:user_data.Subject": '"One"', "set:user_data.Subject": '"Mended"'}
    ann.does("/letter/foresee", service="support", id=first, **change)
    assert "Mended, and replayed" in ann.does("/letter/edit", service="support", id=first, **change)
    for verb, letter in (("replay", second), ("discard", "u-1")):
        asked = {"service": "support", "verb": verb, "ids": [letter], "reason": "a test"}
        ann.does("/letters/plan", **asked)
        said = ann.does("/letters/run", **asked)
        [run] = set(re.findall(r"/runs/([^\"/?]+)", said))
        ann.does(f"/runs/{run}/cancel")
        wait_until(lambda run=run: "hx-trigger" not in ann.opens(f"/runs/{run}"), reason=f"the {verb}")
    ann.does("/channel/pause", name="tickets", reason="a test")
    ann.does("/channel/resume", name="tickets")
    ann.does("/channel/hold", name="tickets", reason="a test")
    ann.does("/channel/resume", name="tickets")
    ann.does("/channel/try", name="tickets", payload='{"id": "t-1"}')
    ann.does("/service/pause", **service, reason="a test")
    ann.does("/service/resume", **service)
    ann.does("/service/retry", **service)
    ann.does("/service/test", **service)
    ann.does("/sweeps/plan", service="support")
    ann.does("/sweeps/run", service="support")
    ann.does("/sweeps/pause", service="support", reason="a test")
    ann.does("/sweeps/resume", service="support")
    ann.does("/sandbox/reveal")
    ann.does("/sandbox/faults", trouble="none")
    ann.does("/audit/end-visits", name="bob", reason="a test")
