"""A real bridge and a real browser, for the tests and for the pictures in the documents."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Playwright, sync_playwright

from bridge.home import Home

#: What keeps a browser to itself: it asks nobody outside for anything.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-lcd-text",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE_S = 60.0
#: Once a day by itself: no sweep but a person's comes in between.
_SWEEP = "\n[services.support.sweep]\nidle_s = 604800\nevery_s = 86400\n"


def chromium() -> str | None:
    """Return where a browser is, None where none is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextlib.contextmanager
def running_bridge(directory: Path) -> Iterator[Mapping[str, Any]]:
    """Run a bridge with everything it brings, and give its places."""
    with Home.at(directory).default_settings().open("a", encoding="utf-8") as settings:
        settings.write(_SWEEP)
    ports = [word for name in ("http", "smtp", "sandbox", "console") for word in (f"--{name}", "0")]
    command = [sys.executable, "-m", "bridge", "up", "--data", str(directory), *ports, "--json"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    with (
        (directory / "log").open("wb") as log,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=log, cwd=directory
        ) as process,
    ):
        stopper = threading.Timer(_PATIENCE_S, process.terminate)
        stopper.start()
        try:
            line = process.stdout.readline() if process.stdout else b""
            stopper.cancel()
            if not line:
                raise RuntimeError((directory / "log").read_text(errors="replace")[-2000:])
            yield json.loads(line)
        finally:
            stopper.cancel()
            process.terminate()
            process.wait(timeout=_PATIENCE_S)


@contextlib.contextmanager
def running_browser(path: str) -> Iterator[Browser]:
    """Run a browser."""
    playwright: Playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
