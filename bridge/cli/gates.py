"""Commands that open and shut a service's gate."""
# ruff: noqa: PLC0415 - each command imports what it needs when it runs, so that all start quickly

from typing import Annotated

import typer

from bridge.cli.options import DEFAULT_DATA, AsJson, Config, Data, Reason, Service, Utc, choose


def pause(
    service: Service,
    *,
    reason: Reason,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Send nothing more to a service until it is resumed; what arrives is accepted and kept in order."""
    choose(config, data)
    import asyncio

    from bridge.gates import pause as run
    from bridge.screen import Screen

    asyncio.run(run(service, Screen(as_json=as_json), reason=reason))


def resume(
    service: Service,
    *,
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Let a service go on at once, whether it was paused by a person or held after an answer."""
    choose(config, data)
    import asyncio

    from bridge.gates import resume as run
    from bridge.moments import clock
    from bridge.screen import Screen

    asyncio.run(run(service, Screen(as_json=as_json), clock(utc=utc)))


def retry_now(
    service: Service,
    external_id: Annotated[
        str, typer.Argument(metavar="[EXTERNAL_ID]", help="One conversation only.", show_default=False)
    ] = "",
    *,
    utc: Utc = False,
    as_json: AsJson = False,
    config: Config = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Try what backs off now instead of later: one conversation, or all of a service."""
    choose(config, data)
    import asyncio

    from bridge.gates import retry_now as run
    from bridge.moments import clock
    from bridge.screen import Screen

    asyncio.run(run(service, Screen(as_json=as_json), clock(utc=utc), external_id=external_id))
