"""The pages that links to whole messages lead to."""

from datetime import timedelta

from starlette.routing import BaseRoute

from console.links import links_of
from worker.wiring import Bridge


def mail_routes(bridge: Bridge) -> tuple[BaseRoute, ...]:
    """Return the pages that links lead to; without links there are none. Raises SecretMissing."""
    links, settings = links_of(bridge.settings, bridge.secrets), bridge.settings.links
    if links is None or bridge.blobs is None:
        return ()
    # Its pages need a library of templates, which a door without links has no use for.
    from connectors.hosts.mailroom.routes import Mailroom  # noqa: PLC0415 - see above

    lifetime = timedelta(seconds=settings.lifetime_s)
    return Mailroom(bridge.blobs, links, lifetime=lifetime, clock=bridge.clock).routes()
