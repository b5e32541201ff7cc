"""The pages that links to whole messages lead to."""

from datetime import timedelta

from starlette.routing import BaseRoute

from connectors.hosts.mailroom.routes import Mailroom
from console.links import links_of
from worker.wiring import Bridge


def mail_routes(bridge: Bridge) -> tuple[BaseRoute, ...]:
    """Return the pages that links lead to; without links there are none. Raises SecretMissing."""
    links, settings = links_of(bridge.settings, bridge.secrets), bridge.settings.links
    if links is None or bridge.blobs is None:
        return ()
    lifetime = timedelta(seconds=settings.lifetime_s)
    return Mailroom(bridge.blobs, links, lifetime=lifetime, clock=bridge.clock).routes()
