"""Where each page of the console is, in the scene that was played."""

from collections.abc import Mapping
from urllib.parse import urlencode

from tests.browser.scene import SERVICE, Scene


def pages(scene: Scene) -> Mapping[str, str]:
    """Return the address of each page by its name."""
    conversation = urlencode({"service": SERVICE, "id": scene.external_id("70")})
    return {
        "overview": "/?over=24h",
        "interactions": "/interactions",
        "interaction": f"/interaction?{conversation}",
        "letters": "/letters",
        "letter": f"/letter?{urlencode({'service': SERVICE, 'id': scene.any_letter()})}",
        "channels": "/channels",
        "channel": "/channel?name=tickets",
        "services": "/services",
        "service": f"/service?name={SERVICE}",
        "sweeps": "/sweeps",
        "sandbox": "/sandbox",
        "audit": "/audit",
    }
