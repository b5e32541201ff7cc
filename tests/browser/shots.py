"""The pictures of the console in docs/img: `make screenshots` takes them anew, each page in three looks.

Uses: python -m tests.browser.shots DIRECTORY
"""

import sys
import tempfile
from pathlib import Path

from tests.browser.places import pages
from tests.browser.running import chromium, running_bridge, running_browser
from tests.browser.scene import Scene

_DESK = {"width": 1200, "height": 750}
_PHONE = {"width": 390, "height": 844}
_LOOKS = {"light": (_DESK, "light"), "dark": (_DESK, "dark"), "phone": (_PHONE, "light")}


def main(directory: Path) -> None:
    """Take all pictures."""
    directory.mkdir(parents=True, exist_ok=True)
    path = chromium()
    if path is None:
        sys.exit("no Chromium is installed: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="bridge-shots-") as data, running_bridge(Path(data)) as places:
        scene = Scene(places)
        scene.play()
        with running_browser(path) as browser:
            for look, (size, scheme) in _LOOKS.items():
                context = browser.new_context(
                    viewport=size, color_scheme=scheme, locale="en-GB", timezone_id="Europe/Berlin"
                )
                page = context.new_page()
                for name, address in pages(scene).items():
                    page.goto(places["console"] + address)
                    page.screenshot(path=directory / f"console-{name}-{look}.png")
                context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
