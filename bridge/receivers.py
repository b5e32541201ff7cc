"""Receivers: whether subscriptions make sense and lead somewhere. Part of `bridge check`; sends nothing."""

import asyncio
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from bridge.findings import Finding, ok, problem, warning
from worker.addresses import is_public
from worker.errors import SecretMissing, SettingsError
from worker.hooks.signature import key_of
from worker.secrets import Secrets
from worker.settings import Settings, client_channel
from worker.sweeps import SWEEPER
from worker.wiring import Bridge


def stated(settings: Settings, secrets: Secrets) -> Iterator[Finding]:
    """Return what the settings alone say: secrets that sign nothing, channels that nobody has."""
    known = {*settings.channels, *map(client_channel, settings.clients), SWEEPER, "celery", "cli"}
    for name, subscription in settings.subscriptions.items():
        what = f"subscriptions.{name}"
        for reference in subscription.secrets:
            try:
                key_of(secrets.value(reference))
            except SecretMissing:
                continue  # said already
            except SettingsError as error:
                yield problem(f"{what}.secrets", f"{reference}: {error}")
        for channel in sorted(set(subscription.channels) - known):
            yield warning(f"{what}.channels", f"no channel or client is called {channel!r}")
        if subscription.allow_private:
            yield warning(what, "allow_private = true: it may lead to this machine and its networks")


async def reached(bridge: Bridge, name: str) -> list[Finding]:
    """Return where a subscription leads. Nothing is sent there: `bridge events send-test` does that."""
    what, subscription = f"subscriptions.{name}", bridge.settings.subscriptions[name]
    try:
        bridge.hook(name)
    except SettingsError as error:
        return [problem(what, str(error))]
    host = urlsplit(subscription.url).hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        return [problem(what, f"{host} leads nowhere: {error.strerror or error}")]
    addresses = sorted({str(address[0]) for *_, address in found})
    shut = [each for each in addresses if not is_public(each)]
    if shut and not subscription.allow_private:
        return [
            problem(
                what,
                f"{host} leads to {', '.join(shut)}, which is not public: nothing is sent there; "
                "set allow_private = true if it is meant",
            )
        ]
    return [ok(what, f"{host} leads to {', '.join(addresses)}; it is known as service hook.{name}")]
