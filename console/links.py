"""Links: whether agents get links to whole messages, and what they begin with."""

import ipaddress
from typing import Final

from connectors.links import Links
from worker.secrets import Secrets
from worker.settings import HttpSettings, Settings

#: The place where nothing is kept has nothing to link to.
_NONE: Final = "none"


def links_of(settings: Settings, secrets: Secrets) -> Links | None:
    """Return what makes links; None without a key, messages that are kept, or an address of the door."""
    base = _base(settings.http)
    if not settings.links.keys or not base or settings.blobs.url == _NONE:
        return None
    return Links(base, secrets.readers(settings.links.keys))


def _base(http: HttpSettings) -> str:
    """Return what agents know the door by: what is said, or its port where only this machine can come in."""
    if http.public_url or not http.port or not is_loopback(http.host):
        return http.public_url
    host = f"[{http.host}]" if ":" in http.host else http.host
    return f"http://{host}:{http.port}"


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches a listener on a host."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
