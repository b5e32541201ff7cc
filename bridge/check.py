"""`bridge check`: looks at the settings and at everything they lead to. Changes nothing."""

import asyncio
import ssl
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from celery import Celery
from redis.backoff import NoBackoff
from redis.retry import Retry

from bridge import console, machine, mailboxes, receivers
from bridge.clients import clients_of
from bridge.findings import Finding, ok, problem, warning
from bridge.session import configured, wired
from bridge.stack import SANDBOX_HOST
from connectors.registry import build
from console.links import links_of
from console.probe import call_service
from worker import configuration
from worker.app import app
from worker.blob_settings import BucketAccess
from worker.brokers import Broker, Kind, read_broker
from worker.certificates import distrust, told
from worker.errors import BlobsUnavailable, BridgeError, SecretMissing, SettingsError, StoreUnavailable
from worker.redis_url import read_redis_url
from worker.secrets import Secrets
from worker.settings import Settings
from worker.wiring import Bridge, broker_url

_BROKER_PATIENCE_S: Final = 5.0


def check() -> tuple[Finding, ...]:
    """Return everything found. Never raises for what can be found. For entry points only."""
    try:
        settings, secrets = configured("error")  # what else there is to say becomes a finding
    except SettingsError as error:
        return (problem("settings", str(error)),)
    stated = [_file(), *_emptiness(settings), *_secrets(settings, secrets), *_channels(settings, secrets)]
    stated += _clients(settings, secrets)
    stated += receivers.stated(settings, secrets)
    stated += console.stated(settings, secrets)
    stated += machine.stated(settings, secrets)
    return (*stated, *asyncio.run(_reached(settings, secrets)))


def _file() -> Finding:
    path = configuration.config_path()
    if path is None:
        return warning(
            "settings", "no settings file is used; write bridge.toml here or name one with --config"
        )
    return ok("settings", f"{path.absolute()} is read and makes sense")


def _emptiness(settings: Settings) -> Iterator[Finding]:
    if not settings.services:
        yield problem("services", "none is configured, so nothing can be accepted; add [services.NAME]")
    if not settings.channels and not settings.clients:
        yield warning(
            "channels",
            "none is configured, nor a client: only `bridge send` and Celery tasks bring commands",
        )


def _secrets(settings: Settings, secrets: Secrets) -> Iterator[Finding]:
    references: dict[str, Iterable[str]] = {
        **{f"services.{name}.api_key": (service.api_key,) for name, service in settings.services.items()},
        **{f"channels.{name}.secrets": channel.secrets for name, channel in settings.channels.items()},
        **{f"clients.{name}.keys": client.keys for name, client in settings.clients.items()},
        **{f"subscriptions.{name}.secrets": each.secrets for name, each in settings.subscriptions.items()},
        "links.keys": settings.links.keys,
        **{f"channels.{name}.buckets": _keys(*each.buckets) for name, each in settings.channels.items()},
        "blobs": _keys(settings.blobs),
        **{
            f"channels.{name}.mailbox": mailboxes.secrets_of(each.mailbox)
            for name, each in settings.channels.items()
        },
        "smtp.users": settings.smtp.users.values(),
        "smtp": tuple(filter(None, (settings.smtp.certificate, settings.smtp.private_key))),
        "traces.headers": settings.traces.headers.values(),
        **{f"console.clients.{name}": each.tokens for name, each in settings.console.clients.items()},
        "console.oidc": _client_secret(settings),
    }
    for what, each in references.items():
        for reference in each:
            try:
                secrets.value(reference)
            except SecretMissing as error:
                yield problem(what, str(error))
            else:
                yield ok(what, f"{reference} leads to a secret")


def _client_secret(settings: Settings) -> tuple[str, ...]:
    oidc = settings.console.oidc
    return (oidc.client_secret,) if oidc and oidc.client_secret else ()


def _keys(*buckets: BucketAccess) -> tuple[str, ...]:
    return tuple(key for each in buckets for key in (each.access_key, each.secret_key) if key)


def _channels(settings: Settings, secrets: Secrets) -> Iterator[Finding]:
    for name, channel in settings.channels.items():
        try:
            build(name, channel, secrets.readers(channel.secrets))
        except SecretMissing:
            continue  # said already
        except SettingsError as error:
            yield problem(f"channels.{name}", str(error))
        else:
            yield ok(f"channels.{name}", f"{channel.connector}, for service {channel.service}")
            if channel.verify in ("none", {"scheme": "none"}):
                yield warning(f"channels.{name}", 'verify = "none": whoever reaches it is believed')


def _clients(settings: Settings, secrets: Secrets) -> Iterator[Finding]:
    try:
        clients = clients_of(settings, secrets)
    except SecretMissing:
        return  # said already
    except SettingsError as error:
        yield problem("clients", str(error))
    else:
        for client in clients:
            yield ok(f"clients.{client.name}", f"may use {', '.join(sorted(client.services))}")


async def _reached(settings: Settings, secrets: Secrets) -> list[Finding]:
    try:
        async with wired(settings, secrets) as bridge:
            found = await asyncio.gather(
                _store(bridge),
                _broker(settings, secrets),
                _blobs(bridge),
                *(_service(bridge, name) for name in settings.services),
                *(receivers.reached(bridge, name) for name in settings.subscriptions),
                *(mailboxes.reached(bridge, name) for name in settings.channels),
            )
    except BridgeError as error:
        return [problem("store", str(error))]
    return [finding for findings in found for finding in findings]


async def _store(bridge: Bridge) -> list[Finding]:
    try:
        troubles = await bridge.store.troubles()
        weaknesses = [warning("store", f"it {each}") for each in await bridge.store.weaknesses()]
    except StoreUnavailable as error:
        return [problem("store", f"{error}; is it running, and is store.url right?")]
    guards = await _guards(bridge)
    if not troubles:
        fit = ok("store", "answers, writes to disk what it accepts and never evicts")
        return [*(weaknesses or [fit]), *guards]
    grade = warning if bridge.settings.store.allow_unsafe else problem
    accepted = "accepted by store.allow_unsafe" if bridge.settings.store.allow_unsafe else "mend its settings"
    found = [grade("store", f"it {each}: what was accepted could be lost; {accepted}") for each in troubles]
    return [*found, *weaknesses, *guards]


async def _guards(bridge: Bridge) -> list[Finding]:
    """Return whether this version and this clock may work on the store."""
    found = []
    try:
        doubts = await bridge.store.examine(bridge.partitions)
        found += [warning("store", f"it {each}") for each in doubts]
    except BridgeError as error:
        found.append(problem("store", str(error)))
    try:
        await bridge.refuse_astray()
    except BridgeError as error:
        found.append(problem("clock", str(error)))
    else:
        found.append(ok("clock", "agrees with the store's"))
    return found


async def _broker(settings: Settings, secrets: Secrets) -> list[Finding]:
    try:
        url = broker_url(settings, secrets)
        async with asyncio.timeout(_BROKER_PATIENCE_S + 1):
            await asyncio.to_thread(_connect, app, read_broker(url))
    except BridgeError as error:
        return [problem("broker", str(error))]
    except Exception as error:  # noqa: BLE001 - every transport has its own errors; all mean the same here
        if why := distrust(error) or await _distrust_of_sentinels(url):
            return [problem("broker", told("broker", "broker.url", why))]
        return [problem("broker", f"does not answer ({type(error).__name__}: {error}); is broker.url right?")]
    return [ok("broker", f"answers ({url.partition('://')[0]})")]


async def _distrust_of_sentinels(url: str) -> str:
    """Return why the first sentinel is not believed: redis-py only says that it found no master."""
    broker = read_broker(url)
    if broker.kind is not Kind.REDIS or broker.tls is None:
        return ""
    host, port = read_redis_url(url, "broker.url").nodes[0]
    try:
        believed = ssl.create_default_context(cafile=broker.tls.get("ssl_ca_certs"))
        async with asyncio.timeout(_BROKER_PATIENCE_S):
            _, writer = await asyncio.open_connection(host, port, ssl=believed)
    except (OSError, TimeoutError) as error:
        return distrust(error)
    writer.close()
    return ""


async def _blobs(bridge: Bridge) -> list[Finding]:
    try:
        blobs, links = bridge.blobs, links_of(bridge.settings, bridge.secrets)
        if blobs is not None:
            await blobs.page(after=None, limit=1)
    except SecretMissing:
        return []  # said already
    except BlobsUnavailable as error:
        return [problem("blobs", f"{error}; no mail can be accepted: see [blobs]")]
    found = [
        ok("blobs", "whole messages are kept" if blobs else "whole messages are not kept, as [blobs] says")
    ]
    if bridge.settings.links.keys and links is None:
        found.append(
            warning(
                "links", "there are none, though links.keys is set: set http.public_url, and keep messages"
            )
        )
    return found


def _connect(celery: Celery, broker: Broker) -> None:
    options = dict(broker.options)
    if "sentinel_kwargs" in options:  # tried again for seconds, a sentinel would only have been too slow
        options["sentinel_kwargs"] = {**options["sentinel_kwargs"], "retry": Retry(NoBackoff(), 0)}
    asked = celery.connection_for_write(
        broker.url, ssl=broker.tls, transport_options=options, connect_timeout=_BROKER_PATIENCE_S
    )
    with asked as connection:
        connection.ensure_connection(max_retries=1, interval_start=0.1, timeout=_BROKER_PATIENCE_S)


async def _service(bridge: Bridge, name: str) -> list[Finding]:
    what, base_url = f"service {name}", bridge.settings.services[name].base_url
    if urlsplit(base_url).hostname == SANDBOX_HOST:
        return [
            problem(
                what, f"{SANDBOX_HOST} is the sandbox that `bridge up` brings, and none runs here: start it"
            )
        ]
    try:
        answer = await call_service(bridge, name)
    except BridgeError as error:
        return [problem(what, str(error))]
    grade = ok if answer.fine else warning if answer.passing else problem
    return [grade(what, answer.text)]
