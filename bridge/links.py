"""Links: whether agents get links to whole messages, and what they begin with."""

import ipaddress
from datetime import timedelta
from typing import Final

from starlette.routing import BaseRoute

from connectors.links import Links
from worker.secrets import Secrets
from worker.settings import HttpSettings, Settings
from worker.wiring import Bridge

#: The place where nothing is kept has nothing to link to.
_NONE: Final = "none"


def links_of(settings: Settings, secrets: Secrets) -> Links | None:
    """Return what makes links; None without a key, messages that are kept, or an address of the door."""
    base = _base(settings.http)
    if not settings.links.keys or not base or settings.blobs.url == _NONE:
        return None
    return Links(base, secrets.readers(settings.links.keys))


def mail_routes(bridge: Bridge) -> tuple[BaseRoute, ...]:
    """Return the pages that links lead to; without links there are none. Raises SecretMissing."""
    links, settings = links_of(bridge.settings, bridge.secrets), bridge.settings.links
    if links is None or bridge.blobs is None:
        return ()
    # Its pages need a library of templates, which a door without links has no use for.
    from connectors.hosts.mailroom.routes import Mailroom  # noqa: PLC0415 - see above

    lifetime = timedelta(seconds=settings.lifetime_s)
    return Mailroom(bridge.blobs, links, lifetime=lifetime, clock=bridge.clock).routes()


def _base(http: HttpSettings) -> str:
    """Return what agents know the door by: what is said, or its port where only this machine can come in."""
    if http.public_url or not http.port or not _is_loopback(http.host):
        return http.public_url
    host = f"[{http.host}]" if ":" in http.host else http.host
    return f"http://{host}:{http.port}"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
