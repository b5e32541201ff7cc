"""One bridge and one browser for all tests here: a start takes longer than they do."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.running import chromium, running_bridge, running_browser
from tests.browser.scene import Scene

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A bridge on which a morning was played."""
    if chromium() is None:
        pytest.skip("no Chromium is installed (chromium on PATH)")
    directory: Path = tmp_path_factory.mktemp("bridge")
    with running_bridge(directory) as places:
        played = Scene(places)
        played.play()
        yield played


# Playwright keeps an event loop running in its thread: it must end before tests of other folders go on
@pytest.fixture(scope="module")
def browser(scene: Scene) -> "Iterator[Browser]":  # noqa: ARG001 - first it is known that there is one to look at
    """A headless Chromium."""
    with running_browser(chromium() or "") as running:
        yield running


@dataclass
class Watched:
    """A page, and what a browser complained of while it was shown."""

    page: "Page"
    base: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> "Page":
        """Show a page of the console."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status == 200, path
        return self.page

    def hear(self, message: "ConsoleMessage") -> None:
        """Note what the browser says against a page."""
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


@pytest.fixture
def watched(browser: "Browser", scene: Scene) -> Iterator[Watched]:
    """A fresh page; the browser must have nothing to complain of, such as a breach of the policy."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin")
    context.set_default_timeout(15_000)
    page = context.new_page()
    found = Watched(page, scene.places["console"])
    page.on("console", found.hear)
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    yield found
    hacked = page.evaluate("window.hacked")
    context.close()
    assert hacked is None
    assert found.complaints == []
